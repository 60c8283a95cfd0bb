import { ExecError } from "../../errors.ts";
import type { JsonObject } from "../../json.ts";
import { nearRefs } from "../actions/near-refs.ts";
import type { Git } from "../git/git.ts";
import { READING, type SourceRepository } from "./source-repository.ts";

/** What of a work tree's repository a step wants. */
export interface WorktreeRef {
  /** The files as they are now, changes included; else those of `commit`. */
  readonly current: boolean;
  /** Absent: there is no commit yet. */
  readonly commit?: string;
  /** `refs/heads/…` to be on; absent: a detached HEAD. */
  readonly branch?: string;
  /** The tag that was asked for; its id is the tag object's where it is annotated. */
  readonly tag?: { readonly name: string; readonly id: string };
  /** The `ref` output. */
  readonly ref: string;
}

/**
 * No ref, or one that names what is checked out there: the work tree as it is. Else the commit it names: a commit id,
 * a branch, a branch of origin, a tag. Throws `ExecError` (`NotFound`) with near names.
 */
export async function resolveWorktreeRef(
  git: Git,
  source: SourceRepository,
  ref: string,
  github: JsonObject,
  signal: AbortSignal,
): Promise<WorktreeRef> {
  const eventRef = typeof github.ref === "string" ? github.ref : "";
  if (ref === "") return await currentRef(git, source, eventRef, signal);

  const candidates = ref.startsWith("refs/")
    ? [ref, ref.replace(/^refs\/heads\//, "refs/remotes/origin/")]
    : [
        `refs/heads/${ref}`,
        `refs/remotes/origin/${ref}`,
        `refs/tags/${ref}`,
        ...(isCommitId(ref) ? [ref] : []),
      ];
  for (const name of new Set(candidates)) {
    const commit = await commitOf(git, source, name, signal);
    if (commit === undefined) continue;
    const branch = name.replace(/^refs\/remotes\/origin\//, "refs/heads/");
    return {
      current: commit === source.head,
      commit,
      ref: isCommitId(ref) && name === ref ? "" : ref,
      ...(branch.startsWith("refs/heads/") ? { branch } : {}),
      ...(name.startsWith("refs/tags/") ? { tag: await tagOf(git, source, name, commit, signal) } : {}),
    };
  }
  // The event may speak of a merge or a head that only the server knows: what is here stands for it.
  const ofEvent = [eventRef, github.sha, github.ref_name, github.head_ref].includes(ref);
  if (ofEvent) return { ...(await currentRef(git, source, eventRef, signal)), ref };
  throw new ExecError("NotFound", await unknownRef(git, source, ref, signal));
}

async function currentRef(
  git: Git,
  source: SourceRepository,
  eventRef: string,
  signal: AbortSignal,
): Promise<WorktreeRef> {
  const { head, branch } = source;
  if (head === undefined)
    return { current: true, ref: eventRef, ...(branch === undefined ? {} : { branch }) };
  const here = { current: true, commit: head, ref: eventRef || (branch ?? "") };
  if (eventRef.startsWith("refs/tags/") && (await commitOf(git, source, eventRef, signal)) === head) {
    return { ...here, tag: await tagOf(git, source, eventRef, head, signal) };
  }
  if (branch !== undefined) return { ...here, branch };
  return eventRef.startsWith("refs/heads/") ? { ...here, branch: eventRef } : here;
}

function isCommitId(ref: string): boolean {
  return /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/i.test(ref);
}

async function commitOf(
  git: Git,
  source: SourceRepository,
  name: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  const args = ["rev-parse", "--quiet", "--verify", `${name}^{commit}`];
  const result = await git(args, { cwd: source.top, signal, config: READING });
  return result.code === 0 ? result.stdout.toString("latin1").trim() : undefined;
}

async function tagOf(
  git: Git,
  source: SourceRepository,
  name: string,
  commit: string,
  signal: AbortSignal,
): Promise<{ name: string; id: string }> {
  const result = await git(["rev-parse", "--quiet", "--verify", name], {
    cwd: source.top,
    signal,
    config: READING,
  });
  return { name, id: result.code === 0 ? result.stdout.toString("latin1").trim() : commit };
}

async function unknownRef(
  git: Git,
  source: SourceRepository,
  ref: string,
  signal: AbortSignal,
): Promise<string> {
  const args = ["for-each-ref", "--format=%(refname)", "refs/heads", "refs/tags", "refs/remotes/origin"];
  const result = await git(args, { cwd: source.top, signal, config: READING });
  const names = result.stdout
    .toString("utf8")
    .split("\n")
    .map((name) => name.replace(/^refs\/(heads|tags|remotes\/origin)\//, ""))
    .filter((name) => name !== "" && name !== "HEAD");
  const near = nearRefs(ref.replace(/^refs\/(heads|tags)\//, ""), [...new Set(names)], 5);
  const hint = near.length === 0 ? "" : ` Near ones: ${near.join(", ")}.`;
  const what = isCommitId(ref) ? `The commit '${ref}'` : `A branch or tag with the name '${ref}'`;
  return `${what} could not be found in '${source.top}'.${hint} If only the server has it, fetch it there first.`;
}
