import { ExecError } from "../../errors.ts";
import type { Git, GitResult } from "../git/git.ts";
import { remoteError } from "../git/remote-error.ts";
import type { ActionRemote } from "./action-remote.ts";
import { nearRefs } from "./near-refs.ts";

export interface ResolvedRef {
  readonly sha: string;
  /** The full name on the server, to fetch by where it gives no single commits; absent for a commit id. */
  readonly fullName?: string;
}

export const COMMIT_ID: RegExp = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/i;

/**
 * The commit a ref stands for on its server now: a full commit id is itself, else a tag (its commit where it is
 * annotated) before a branch, as git itself reads names. Rejects with `ExecError` `NotFound` that names near refs.
 */
export async function resolveActionRef(
  git: Git,
  remote: ActionRemote,
  ref: string,
  signal: AbortSignal,
): Promise<ResolvedRef> {
  if (COMMIT_ID.test(ref)) return { sha: ref.toLowerCase() };
  const full = ref.startsWith("refs/");
  const wanted = full ? [remote.url, ref, `${ref}^{}`] : ["--heads", "--tags", remote.url];
  const result = await listRemote(git, wanted, remote, signal);
  if (result.code !== 0) throw remoteError(remote.repository, remote.url, result.stderr);
  const refs = parseRefs(result.stdout.toString("utf8"));
  const names = full ? [ref] : [`refs/tags/${ref}`, `refs/heads/${ref}`];
  for (const fullName of names) {
    const sha = refs.get(`${fullName}^{}`) ?? refs.get(fullName);
    if (sha !== undefined) return { sha, fullName };
  }
  throw new ExecError("NotFound", unknownRef(remote, ref, refs));
}

/** A server that is silent must not hold a job for the minutes that TCP waits. */
const ANSWER_MS = 30_000;

async function listRemote(
  git: Git,
  wanted: readonly string[],
  remote: ActionRemote,
  signal: AbortSignal,
): Promise<GitResult> {
  const limit = AbortSignal.timeout(ANSWER_MS);
  try {
    const options = { signal: AbortSignal.any([signal, limit]), config: remote.config };
    return await git(["ls-remote", "--quiet", ...wanted], options);
  } catch (error) {
    if (!limit.aborted || signal.aborted) throw error;
    const message = `${remote.url} did not answer within ${ANSWER_MS / 1000} s for ${remote.repository}.`;
    throw new ExecError("Transient", message, { cause: error });
  }
}

function parseRefs(text: string): Map<string, string> {
  const refs = new Map<string, string>();
  for (const line of text.split("\n")) {
    const [sha, name] = line.split("\t");
    if (sha !== undefined && name !== undefined) refs.set(name, sha);
  }
  return refs;
}

function unknownRef(remote: ActionRemote, ref: string, refs: ReadonlyMap<string, string>): string {
  const start = `Unable to resolve action '${remote.uses}': ${remote.repository} has no tag or branch '${ref}'.`;
  const short = ref.toLowerCase();
  const commits = [...refs.values()].filter((sha) => sha.startsWith(short));
  if (/^[0-9a-f]{6,39}$/.test(short)) {
    const whole = commits[0] === undefined ? "" : `, '${commits[0]}'`;
    return `${start} It looks like a shortened commit id; write the whole one${whole}.`;
  }
  const names = [...refs.keys()]
    .filter((name) => !name.endsWith("^{}"))
    .map((name) => name.replace(/^refs\/(tags|heads)\//, ""));
  if (ref.startsWith("refs/")) return start;
  if (names.length === 0) return `${start} The repository has no tags and no branches at all.`;
  return `${start} Near ones: ${nearRefs(ref, [...new Set(names)], 5).join(", ")}.`;
}
