import type { ContainerRequest } from "../../protocol/job-placement.ts";

/**
 * The credentials of a job's containers as a `.dockerconfigjson`; undefined: they have none. Each is kept for its own
 * repository, so that two accounts at one registry do not get into each other's way.
 */
export function pullSecretData(
  containers: readonly Pick<ContainerRequest, "image" | "credentials">[],
): string | undefined {
  const auths: { [repository: string]: { readonly auth: string } } = {};
  for (const { image, credentials } of containers) {
    if (credentials === undefined) continue;
    const { username, password } = credentials;
    auths[repositoryOf(image)] = { auth: Buffer.from(`${username}:${password}`).toString("base64") };
  }
  return Object.keys(auths).length === 0 ? undefined : JSON.stringify({ auths });
}

function repositoryOf(image: string): string {
  const bare = image.replace(/@.*$/, "").replace(/:[^/:]*$/, "");
  const first = bare.split("/")[0] ?? "";
  if (bare.includes("/") && (/[.:]/.test(first) || first === "localhost")) return bare;
  return bare.includes("/") ? `docker.io/${bare}` : `docker.io/library/${bare}`;
}
