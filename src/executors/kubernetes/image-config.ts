import type { Clock } from "../../clock.ts";
import type { RunnerClass } from "../../config/runner-classes.ts";
import type { ImageConfig } from "../../protocol/runner-message.ts";
import { type DockerConfigFile, registryAuth } from "../docker/registry-credentials.ts";
import type { NoteSink } from "../executor.ts";
import type { KubeClient } from "./kube-client.ts";
import { parseImageReference, type RegistryClient, type RegistryLogin } from "./registry-client.ts";

/** What images of steps start by themselves: a gate stands in for it, and has to know. */
export interface ImageConfigs {
  /** By image; those that could not be asked are missing, and told as notes. */
  of(
    images: readonly string[],
    runnerClass: RunnerClass,
    namespace: string,
    note: NoteSink,
  ): Promise<ReadonlyMap<string, ImageConfig>>;
}

export interface RegistryImageConfigsOptions {
  readonly registry: RegistryClient;
  readonly client: KubeClient;
  readonly clock: Clock;
}

/** A tag may come to mean another image. */
const KEPT_MS = 300_000;
const LIMIT_MS = 20_000;

/** Asks the images' registries, with the pull secrets of the runner class. */
export class RegistryImageConfigs implements ImageConfigs {
  readonly #options: RegistryImageConfigsOptions;
  readonly #known = new Map<string, { readonly at: number; readonly config: ImageConfig }>();

  constructor(options: RegistryImageConfigsOptions) {
    this.#options = options;
  }

  async of(
    images: readonly string[],
    runnerClass: RunnerClass,
    namespace: string,
    note: NoteSink,
  ): Promise<ReadonlyMap<string, ImageConfig>> {
    const configs = new Map<string, ImageConfig>();
    if (images.length === 0) return configs;
    const { registry, clock } = this.#options;
    const signal = AbortSignal.timeout(LIMIT_MS);
    const logins = await this.#logins(runnerClass, namespace);
    for (const image of new Set(images)) {
      const key = `${runnerClass.arch} ${image}`;
      const known = this.#known.get(key);
      if (known !== undefined && clock.monotonic() - known.at < KEPT_MS) {
        configs.set(image, known.config);
        continue;
      }
      try {
        const config = await registry.imageConfig(image, runnerClass.arch, loginFor(image, logins), signal);
        this.#known.set(key, { at: clock.monotonic(), config });
        configs.set(image, config);
      } catch (error) {
        const words = error instanceof Error ? error.message : String(error);
        note(
          `What the image '${image}' starts could not be found out (${words}): a step that uses it has to name its entrypoint.`,
        );
      }
    }
    return configs;
  }

  async #logins({ template }: RunnerClass, namespace: string): Promise<readonly DockerConfigFile[]> {
    const { client } = this.#options;
    const files: DockerConfigFile[] = [];
    for (const { name } of template?.spec?.imagePullSecrets ?? []) {
      if (name === undefined) continue;
      const secret = await client.get("secrets", namespace, name).catch(() => undefined);
      const data = secret?.data?.[".dockerconfigjson"];
      try {
        if (data !== undefined) files.push(JSON.parse(Buffer.from(data, "base64").toString("utf8")));
      } catch {
        // The node says so too, when it pulls.
      }
    }
    return files;
  }
}

function loginFor(image: string, files: readonly DockerConfigFile[]): RegistryLogin | undefined {
  const { host } = parseImageReference(image);
  for (const file of files) {
    const auth = registryAuth(host === "registry-1.docker.io" ? "docker.io" : host, undefined, file);
    if (auth?.username !== undefined && auth.password !== undefined)
      return { username: auth.username, password: auth.password };
  }
  return undefined;
}
