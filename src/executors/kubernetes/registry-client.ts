import { ExecError } from "../../errors.ts";
import type { ImageConfig } from "../../protocol/runner-message.ts";

export interface RegistryLogin {
  readonly username: string;
  readonly password: string;
}

export interface RegistryClientOptions {
  readonly fetch: typeof fetch;
  /** Registries (`host` or `host:port`) that are spoken to without TLS. */
  readonly insecure?: readonly string[];
  /** For each of its answers. */
  readonly timeoutMs?: number;
}

export interface ImageReference {
  /** `registry-1.docker.io`, `ghcr.io`, `localhost:5000`. */
  readonly host: string;
  readonly repository: string;
  /** A tag or a digest. */
  readonly reference: string;
}

const INDEXES = [
  "application/vnd.oci.image.index.v1+json",
  "application/vnd.docker.distribution.manifest.list.v2+json",
];
const MANIFESTS = [
  "application/vnd.oci.image.manifest.v1+json",
  "application/vnd.docker.distribution.manifest.v2+json",
];
const TIMEOUT_MS = 10_000;
const MAX_BYTES = 8 * 1024 * 1024;

/** Reads `node:24`, `ghcr.io/o/i@sha256:…` as a registry wants it. */
export function parseImageReference(image: string): ImageReference {
  const [, name = image, digest] = /^([^@]+)@(.+)$/.exec(image) ?? [];
  const [, bare = name, tag] = /^(.+?):([^/:]+)$/.exec(name) ?? [];
  const first = bare.split("/")[0] ?? "";
  const named = bare.includes("/") && (/[.:]/.test(first) || first === "localhost");
  const host = named ? first : "docker.io";
  const path = named ? bare.slice(first.length + 1) : bare;
  return {
    host: host === "docker.io" || host === "index.docker.io" ? "registry-1.docker.io" : host,
    repository: host === "docker.io" && !path.includes("/") ? `library/${path}` : path,
    reference: digest ?? tag ?? "latest",
  };
}

/** Asks a registry what an image starts by itself (distribution API, version 2). Rejects with `ExecError`. */
export class RegistryClient {
  readonly #options: RegistryClientOptions;

  constructor(options: RegistryClientOptions) {
    this.#options = options;
  }

  async imageConfig(
    image: string,
    arch: "amd64" | "arm64",
    login: RegistryLogin | undefined,
    signal: AbortSignal,
  ): Promise<ImageConfig> {
    const { host, repository, reference } = parseImageReference(image);
    const scheme = this.#options.insecure?.includes(host) === true ? "http" : "https";
    const session = { base: `${scheme}://${host}/v2/${repository}`, repository, login, signal, token: "" };
    let manifest = await this.#json(session, `manifests/${reference}`, [...INDEXES, ...MANIFESTS]);
    if (Array.isArray(manifest.manifests)) {
      const entries = manifest.manifests as readonly IndexEntry[];
      const entry = entries.find(
        ({ platform }) => platform?.architecture === arch && (platform.os ?? "linux") === "linux",
      );
      if (entry?.digest === undefined)
        throw new ExecError("InvalidSpec", `the image '${image}' is not made for linux/${arch}`);
      manifest = await this.#json(session, `manifests/${entry.digest}`, MANIFESTS);
    }
    const { digest } = (manifest.config ?? {}) as { readonly digest?: unknown };
    if (typeof digest !== "string")
      throw new ExecError("InvalidSpec", `'${image}' is none that a container can be made from`);
    const { config = {} } = (await this.#json(session, `blobs/${digest}`, ["*/*"])) as {
      readonly config?: { readonly Entrypoint?: unknown; readonly Cmd?: unknown };
    };
    return { entrypoint: texts(config.Entrypoint), command: texts(config.Cmd) };
  }

  async #json(session: Session, path: string, accept: readonly string[]): Promise<Record<string, unknown>> {
    let response = await this.#get(session, path, accept);
    if (response.status === 401 && session.token === "") {
      session.token = await this.#authorization(session, response.headers.get("www-authenticate") ?? "");
      response = await this.#get(session, path, accept);
    }
    if (!response.ok) throw refused(response.status, await boundedText(response));
    const value: unknown = JSON.parse(await boundedText(response));
    if (typeof value !== "object" || value === null)
      throw new ExecError("Permanent", "not an answer of a registry");
    return value as Record<string, unknown>;
  }

  async #get({ base, token, signal }: Session, path: string, accept: readonly string[]): Promise<Response> {
    return await this.#fetch(
      `${base}/${path}`,
      { Accept: accept.join(", "), ...(token === "" ? {} : { Authorization: token }) },
      signal,
    );
  }

  /** What the registry wants to see, as it says itself. */
  async #authorization({ repository, login, signal }: Session, challenge: string): Promise<string> {
    const basic = login && `Basic ${Buffer.from(`${login.username}:${login.password}`).toString("base64")}`;
    if (!/^bearer /i.test(challenge)) {
      if (basic === undefined) throw refused(401, "it wants a login");
      return basic;
    }
    const fields = Object.fromEntries(
      [...challenge.matchAll(/(\w+)="([^"]*)"/g)].map(([, name, value]) => [name, value]),
    );
    if (fields.realm === undefined) throw refused(401, challenge);
    const url = new URL(fields.realm);
    if (fields.service !== undefined) url.searchParams.set("service", fields.service);
    url.searchParams.set("scope", fields.scope ?? `repository:${repository}:pull`);
    const response = await this.#fetch(`${url}`, basic === undefined ? {} : { Authorization: basic }, signal);
    if (!response.ok) throw refused(response.status, await boundedText(response));
    const { token, access_token } = JSON.parse(await boundedText(response)) as Record<string, unknown>;
    return `Bearer ${token ?? access_token}`;
  }

  async #fetch(url: string, headers: Record<string, string>, signal: AbortSignal): Promise<Response> {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(this.#options.timeoutMs ?? TIMEOUT_MS)]);
    try {
      return await this.#options.fetch(url, { headers, signal: limit });
    } catch (cause) {
      const { message, cause: below } = cause as Error;
      const words = below instanceof Error ? below.message : message;
      throw new ExecError("Transient", `its registry cannot be reached: ${words}`, { cause });
    }
  }
}

interface Session {
  readonly base: string;
  readonly repository: string;
  readonly login: RegistryLogin | undefined;
  readonly signal: AbortSignal;
  token: string;
}

interface IndexEntry {
  readonly digest?: string;
  readonly platform?: { readonly architecture?: string; readonly os?: string };
}

function refused(status: number, words: string): ExecError {
  const code = status === 404 ? "NotFound" : status === 401 || status === 403 ? "Forbidden" : "Transient";
  return new ExecError(code, `its registry answered ${status}: ${words.trim().slice(0, 300)}`);
}

async function boundedText(response: Response): Promise<string> {
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  for await (const piece of response.body ?? []) {
    bytes += piece.length;
    if (bytes > MAX_BYTES) throw new ExecError("Permanent", "its registry's answer is too long");
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString("utf8");
}

function texts(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((each): each is string => typeof each === "string") : [];
}
