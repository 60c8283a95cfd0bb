import { layerTar, sha256 } from "./layer-tar.ts";

/** What a container of the image gets where nobody says otherwise; as in a Dockerfile. */
export interface ImageConfig {
  readonly env?: Readonly<Record<string, string>>;
  readonly entrypoint?: readonly string[];
  readonly cmd?: readonly string[];
  readonly user?: string;
  readonly workdir?: string;
  readonly labels?: Readonly<Record<string, string>>;
  /** `80/tcp`. */
  readonly exposedPorts?: readonly string[];
  readonly volumes?: readonly string[];
  readonly healthcheck?: {
    /** `["CMD", "program", …]` or `["CMD-SHELL", "script"]`. */
    readonly test: readonly string[];
    readonly intervalMs?: number;
    readonly timeoutMs?: number;
    readonly retries?: number;
  };
}

export interface DockerArchive {
  /** What `docker load`, `podman load` and `ctr images import` take. */
  readonly tar: Buffer;
  /** `sha256:…`, the same for the same layers and configuration. */
  readonly imageId: string;
}

const NANOSECONDS_PER_MS = 1e6;

/** An image of these layers (tars, lowest first) under `reference` (`name:tag`). Pure: the same input, the same bytes. */
export async function dockerArchive(
  reference: string,
  arch: "amd64" | "arm64",
  layers: readonly Uint8Array[],
  config: ImageConfig = {},
): Promise<DockerArchive> {
  const digests = layers.map(sha256);
  const description = JSON.stringify({
    architecture: arch,
    os: "linux",
    created: "1970-01-01T00:00:00Z",
    config: {
      Env: Object.entries(config.env ?? {}).map(([name, value]) => `${name}=${value}`),
      ...(config.entrypoint === undefined ? {} : { Entrypoint: config.entrypoint }),
      ...(config.cmd === undefined ? {} : { Cmd: config.cmd }),
      ...(config.user === undefined ? {} : { User: config.user }),
      ...(config.workdir === undefined ? {} : { WorkingDir: config.workdir }),
      ...(config.labels === undefined ? {} : { Labels: config.labels }),
      ...(config.exposedPorts === undefined ? {} : { ExposedPorts: asSet(config.exposedPorts) }),
      ...(config.volumes === undefined ? {} : { Volumes: asSet(config.volumes) }),
      ...(config.healthcheck === undefined ? {} : { Healthcheck: healthcheck(config.healthcheck) }),
    },
    rootfs: { type: "layers", diff_ids: digests.map((digest) => `sha256:${digest}`) },
    history: digests.map(() => ({ created: "1970-01-01T00:00:00Z", created_by: "slipway" })),
  });
  const id = sha256(description);
  const files = digests.map((digest) => `${digest}.tar`);
  const manifest = [{ Config: `${id}.json`, RepoTags: [reference], Layers: files }];
  const tar = await layerTar([
    { path: "manifest.json", type: "file", content: JSON.stringify(manifest) },
    { path: `${id}.json`, type: "file", content: description },
    ...layers.map((content, index) => ({ path: files[index] ?? "", type: "file" as const, content })),
  ]);
  return { tar, imageId: `sha256:${id}` };
}

function asSet(names: readonly string[]): Readonly<Record<string, object>> {
  return Object.fromEntries(names.map((name) => [name, {}]));
}

function healthcheck({ test, intervalMs, timeoutMs, retries }: NonNullable<ImageConfig["healthcheck"]>) {
  return {
    Test: test,
    Interval: (intervalMs ?? 0) * NANOSECONDS_PER_MS,
    Timeout: (timeoutMs ?? 0) * NANOSECONDS_PER_MS,
    Retries: retries ?? 0,
  };
}
