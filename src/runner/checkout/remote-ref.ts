import { ExecError } from "../../errors.ts";
import type { JsonObject } from "../../json.ts";
import { nearRefs } from "../actions/near-refs.ts";
import type { Git } from "../git/git.ts";
import { remoteError } from "../git/remote-error.ts";
import type { CheckoutSettings } from "./checkout-settings.ts";

/** What of a server's repository is checked out. */
export interface RemoteRef {
  /** Full name on the server; absent where only a commit is known. */
  readonly name?: string;
  readonly commit: string;
  /** The `ref` output. */
  readonly ref: string;
}

export interface RemotePlace {
  readonly url: string;
  readonly config: { readonly [key: string]: string };
  readonly env: { readonly [name: string]: string };
}

/**
 * The event's commit for the workflow's own repository, the default branch of another one; else the commit id, branch
 * or tag (in this order) that was asked for. Rejects with `ExecError` (`NotFound`) that names near refs.
 */
export async function resolveRemoteRef(
  git: Git,
  settings: CheckoutSettings,
  place: RemotePlace,
  github: JsonObject,
  signal: AbortSignal,
): Promise<RemoteRef> {
  const { ref, own } = settings;
  if (/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/i.test(ref)) return { commit: ref.toLowerCase(), ref: "" };
  const eventRef = own && ref === "" && typeof github.ref === "string" ? github.ref : "";
  const eventSha = own && ref === "" && typeof github.sha === "string" ? github.sha : "";
  const qualified = eventRef === "" || eventRef.startsWith("refs/") ? eventRef : `refs/heads/${eventRef}`;
  if (eventSha !== "") {
    return { commit: eventSha, ref: qualified, ...(qualified === "" ? {} : { name: qualified }) };
  }
  const wanted = ref || qualified;
  const refs = await listRefs(
    git,
    settings.repository,
    place,
    wanted.startsWith("refs/") ? wanted : "",
    signal,
  );
  if (wanted === "") return defaultBranch(settings, place, refs);
  const names = wanted.startsWith("refs/") ? [wanted] : [`refs/heads/${wanted}`, `refs/tags/${wanted}`];
  for (const name of names) {
    const commit = refs.ids.get(`${name}^{}`) ?? refs.ids.get(name);
    if (commit !== undefined) return { name, commit, ref: wanted };
  }
  const known = [...refs.ids.keys()]
    .filter((name) => /^refs\/(heads|tags)\//.test(name) && !name.endsWith("^{}"))
    .map((name) => name.replace(/^refs\/(heads|tags)\//, ""));
  const near = nearRefs(wanted.replace(/^refs\/(heads|tags)\//, ""), [...new Set(known)], 5);
  const hint = near.length === 0 ? "" : ` Near ones: ${near.join(", ")}.`;
  throw new ExecError(
    "NotFound",
    `A branch or tag with the name '${wanted}' could not be found in ${settings.repository}.${hint}`,
  );
}

interface Refs {
  readonly ids: ReadonlyMap<string, string>;
  readonly head: string | undefined;
}

async function listRefs(
  git: Git,
  repository: string,
  { url, config, env }: RemotePlace,
  extra: string,
  signal: AbortSignal,
): Promise<Refs> {
  const patterns = ["HEAD", "refs/heads/*", "refs/tags/*", ...(extra === "" ? [] : [extra])];
  const result = await git(["ls-remote", "--quiet", "--symref", url, ...patterns], { signal, config, env });
  if (result.code !== 0) throw remoteError(repository, url, result.stderr);
  const ids = new Map<string, string>();
  let head: string | undefined;
  for (const line of result.stdout.toString("utf8").split("\n")) {
    const [left = "", name] = line.split("\t");
    if (name === undefined) continue;
    if (left.startsWith("ref: ") && name === "HEAD") head = left.slice("ref: ".length);
    else if (!left.startsWith("ref: ")) ids.set(name, left);
  }
  return { ids, head };
}

function defaultBranch(settings: CheckoutSettings, place: RemotePlace, { ids, head }: Refs): RemoteRef {
  const commit = (head === undefined ? undefined : ids.get(head)) ?? ids.get("HEAD");
  if (commit === undefined) {
    throw new ExecError("NotFound", `${settings.repository} at ${place.url} has no commits yet.`);
  }
  return { commit, ref: head ?? "", ...(head === undefined ? {} : { name: head }) };
}
