import type { RegistryCredentials } from "../../protocol/job-placement.ts";
import type { RegistryAuth } from "./docker-engine.ts";

/** A `config.json` of the docker command line, parsed; programs that keep credentials (`credHelpers`) are not asked. */
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
}

const DOCKER_HUB = "https://index.docker.io/v1/";

/** What a registry is told: the job's own credentials, else those of the file; undefined: nothing. */
export function registryAuth(
  registry: string,
  own: RegistryCredentials | undefined,
  file: DockerConfigFile | undefined,
): RegistryAuth | undefined {
  const serveraddress = registry === "docker.io" ? DOCKER_HUB : registry;
  if (own !== undefined) return { username: own.username, password: own.password, serveraddress };
  for (const [key, entry] of Object.entries(file?.auths ?? {})) {
    if (hostOf(key) !== hostOf(serveraddress)) continue;
    if (entry.identitytoken) return { identitytoken: entry.identitytoken, serveraddress };
    const [username, password] = entry.auth ? split(entry.auth) : [entry.username, entry.password];
    if (username && password) return { username, password, serveraddress };
  }
  return undefined;
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
