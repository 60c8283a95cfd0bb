import type { RegistryCredentials } from "../../protocol/job-placement.ts";
import type { NoteSink } from "../executor.ts";
import type { CredentialHelper } from "./credential-helper.ts";
import type { RegistryAuth } from "./docker-engine.ts";

/** A `config.json` of the docker command line, parsed. */
export interface DockerConfigFile {
  readonly auths?: {
    readonly [registry: string]: {
      /** Base64 of `user:password`. */
      readonly auth?: string;
      readonly username?: string;
      readonly password?: string;
      readonly identitytoken?: string;
    };
  };
  /** Programs that keep credentials, `docker-credential-<name>`: by registry, and for all others. */
  readonly credHelpers?: { readonly [registry: string]: string };
  readonly credsStore?: string;
}

const DOCKER_HUB = "https://index.docker.io/v1/";
/** The name under which a program hands out a token. */
const IS_TOKEN = "<token>";

/**
 * What the program has that the file names for a registry; undefined: nothing, or there is no program. One that fails is told
 * of, and the pull is tried without: the image may be there for all.
 */
export async function askedAuth(
  registry: string,
  file: DockerConfigFile | undefined,
  ask: CredentialHelper | undefined,
  note: NoteSink,
  signal: AbortSignal,
): Promise<RegistryAuth | undefined> {
  const serveraddress = addressOf(registry);
  const helpers = Object.entries(file?.credHelpers ?? {});
  const name = helpers.find(([key]) => hostOf(key) === hostOf(serveraddress))?.[1] ?? file?.credsStore;
  if (name === undefined || name === "" || ask === undefined) return undefined;
  try {
    const found = await ask(name, serveraddress, signal);
    if (found === undefined) return undefined;
    const { username, secret } = found;
    return username === IS_TOKEN
      ? { identitytoken: secret, serveraddress }
      : { username, password: secret, serveraddress };
  } catch (error) {
    signal.throwIfAborted();
    const reason = error instanceof Error ? error.message : String(error);
    note(`The credentials for ${registry} could not be asked for: ${reason}`);
    return undefined;
  }
}

/** What a registry is told: the job's own credentials, else those of the file; undefined: nothing. */
export function registryAuth(
  registry: string,
  own: RegistryCredentials | undefined,
  file: DockerConfigFile | undefined,
): RegistryAuth | undefined {
  const serveraddress = addressOf(registry);
  if (own !== undefined) return { username: own.username, password: own.password, serveraddress };
  for (const [key, entry] of Object.entries(file?.auths ?? {})) {
    if (hostOf(key) !== hostOf(serveraddress)) continue;
    if (entry.identitytoken) return { identitytoken: entry.identitytoken, serveraddress };
    const [username, password] = entry.auth ? split(entry.auth) : [entry.username, entry.password];
    if (username && password) return { username, password, serveraddress };
  }
  return undefined;
}

function addressOf(registry: string): string {
  return registry === "docker.io" ? DOCKER_HUB : registry;
}

/** Old files name registries by address and path, and Docker Hub by three names. */
function hostOf(key: string): string {
  const host = key.replace(/^https?:\/\//, "").replace(/\/.*$/, "");
  return /^(index\.docker\.io|registry-1\.docker\.io|docker\.io)$/.test(host) ? "docker.io" : host;
}

function split(auth: string): [string | undefined, string | undefined] {
  const text = Buffer.from(auth, "base64").toString("utf8").replace(/\0+$/, "");
  const colon = text.indexOf(":");
  return colon === -1 ? [undefined, undefined] : [text.slice(0, colon), text.slice(colon + 1)];
}
