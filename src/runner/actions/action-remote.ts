import type { ActionSources } from "../../protocol/job-request.ts";
import type { RepositoryReference } from "./parse-uses.ts";

/** Where an action's repository is fetched from, and what git needs to be let in. */
export interface ActionRemote {
  readonly url: string;
  /** `owner/repo`. */
  readonly repository: string;
  /** As written in `uses`. */
  readonly uses: string;
  readonly config: { readonly [key: string]: string };
  /** On this machine: asking it costs nothing. */
  readonly nearby: boolean;
}

export function actionRemote(
  sources: ActionSources,
  reference: RepositoryReference,
  mask: (value: string) => void,
): ActionRemote {
  const base = sources.url.replace(/(?<=.)\/+$/, "");
  const repository = `${reference.owner}/${reference.name}`;
  const path = reference.path === "" ? "" : `/${reference.path}`;
  return {
    url: `${base}/${repository}`,
    repository,
    uses: `${repository}${path}@${reference.ref}`,
    config: tokenConfig(base, sources.token, mask),
    nearby: /^(file:|\/|\.)/i.test(base),
  };
}

/** git settings that send a token, as GitHub's own clients do, to this server and no other. */
export function tokenConfig(
  url: string,
  token: string | undefined,
  mask: (value: string) => void,
): { readonly [key: string]: string } {
  const server = /^https?:\/\/[^/]+/i.exec(url)?.[0];
  if (token === undefined || token === "" || server === undefined) return {};
  const credential = Buffer.from(`x-access-token:${token}`).toString("base64");
  mask(token);
  mask(credential);
  return { [`http.${server}/.extraheader`]: `AUTHORIZATION: basic ${credential}` };
}
