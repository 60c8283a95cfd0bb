import type { RunGit } from "../git/run-git.ts";

/**
 * What a push of this work tree would change since `base`, uncommitted and new files included (they are part of what
 * is checked out): paths in and relative to the folder that git runs in. Undefined where git cannot tell.
 */
export async function changedPaths(git: RunGit, base: string): Promise<readonly string[] | undefined> {
  const [tracked, fresh] = await Promise.all([
    git(["diff", "--name-only", "--no-renames", "--relative", "-z", base, "--"]),
    git(["ls-files", "--others", "--exclude-standard", "-z"]),
  ]);
  if (tracked.code !== 0 || fresh.code !== 0) return undefined;
  const paths = `${tracked.stdout}${fresh.stdout}`.split("\0").filter((path) => path !== "");
  return [...new Set(paths)].sort();
}
