import { mkdir, mkdtemp, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { ExecError } from "../../errors.ts";
import type { Git } from "../git/git.ts";
import { remoteError, remoteProblem } from "../git/remote-error.ts";
import type { ActionRemote } from "./action-remote.ts";
import type { ResolvedRef } from "./resolve-action-ref.ts";

/**
 * Puts the files of one commit at `directory`, unless they are there. They appear there all at once (a rename), so
 * that any number of runs may do this at the same time; whoever is second takes what the first brought.
 */
export async function fetchAction(
  git: Git,
  remote: ActionRemote,
  ref: ResolvedRef,
  directory: string,
  signal: AbortSignal,
): Promise<void> {
  if (await isDirectory(directory)) return;
  const work = await makeWorkFolder(dirname(directory));
  try {
    const format = ref.sha.length === 64 ? "sha256" : "sha1";
    const here = { cwd: work, signal, config: { "core.hooksPath": "/dev/null", "core.autocrlf": "false" } };
    await must(git, ["init", "-q", "--template=", `--object-format=${format}`, "."], here);
    await fetchCommit(git, remote, ref, work, signal);
    await must(git, ["checkout", "-q", "--force", "--detach", ref.sha], here);
    await rm(join(work, ".git"), { recursive: true, force: true });
    await publish(work, directory);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** The smallest fetch the server allows: one commit by its id, then its ref, then everything. */
async function fetchCommit(
  git: Git,
  remote: ActionRemote,
  ref: ResolvedRef,
  work: string,
  signal: AbortSignal,
): Promise<void> {
  const everything = ["+refs/heads/*:refs/remotes/origin/*", "+refs/tags/*:refs/tags/*"];
  const attempts = [
    ["--depth=1", remote.url, ref.sha],
    ...(ref.fullName === undefined ? [] : [["--depth=1", remote.url, ref.fullName]]),
    [remote.url, ...everything],
  ];
  let said = "";
  for (const attempt of attempts) {
    const args = ["fetch", "-q", "--no-tags", "--no-recurse-submodules", ...attempt];
    const result = await git(args, { cwd: work, signal, config: remote.config });
    if (result.code === 0) {
      const found = await git(["cat-file", "-e", `${ref.sha}^{commit}`], { cwd: work, signal });
      if (found.code === 0) return;
      continue;
    }
    said = result.stderr;
    const problem = remoteProblem(said);
    if (problem !== "refused" && problem !== "other") throw remoteError(remote.repository, remote.url, said);
  }
  if (said === "" || remoteProblem(said) === "refused") {
    throw new ExecError(
      "NotFound",
      `Unable to resolve action '${remote.uses}': ${remote.repository} has no commit ${ref.sha}.`,
    );
  }
  throw remoteError(remote.repository, remote.url, said);
}

async function makeWorkFolder(parent: string): Promise<string> {
  try {
    await mkdir(parent, { recursive: true });
    return await mkdtemp(join(parent, ".fetch-"));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ExecError("Permanent", `The action cache cannot be written: ${reason}`, { cause: error });
  }
}

async function publish(work: string, directory: string): Promise<void> {
  try {
    await rename(work, directory);
  } catch (error) {
    // Another run was faster; its files are the same commit's.
    if (!(await isDirectory(directory))) throw error;
  }
}

async function must(git: Git, args: readonly string[], options: Parameters<Git>[1]): Promise<void> {
  const result = await git(args, options);
  if (result.code === 0) return;
  throw new ExecError("Permanent", `git ${args[0]} failed in the action cache: ${result.stderr.trim()}`);
}

async function isDirectory(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch {
    return false;
  }
}
