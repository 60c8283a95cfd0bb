import { relative, sep } from "node:path";
import { ExecError } from "../../errors.ts";
import type { Git } from "../git/git.ts";
import { type BytePath, showPath, splitNul, toBytePath } from "./byte-path.ts";
import { READING } from "./source-repository.ts";

export interface TreeListing {
  /** Tracked or not ignored, relative to the top; some may be gone from the disk. */
  readonly files: ReadonlySet<BytePath>;
  /** Paths of submodules. */
  readonly submodules: readonly BytePath[];
}

/** `apart`: folders inside the tree that do not count (a workspace below the repository, say). */
export async function listFiles(
  git: Git,
  top: string,
  apart: readonly string[],
  signal: AbortSignal,
  options: { readonly gitDirectory?: string } = {},
): Promise<TreeListing> {
  const place =
    options.gitDirectory === undefined ? [] : [`--git-dir=${options.gitDirectory}`, "--work-tree=."];
  const list = async (...args: string[]) => {
    const result = await git([...place, "ls-files", "-z", ...args], { cwd: top, signal, config: READING });
    if (result.code === 0) return splitNul(result.stdout);
    throw new ExecError("Permanent", `The files of '${top}' cannot be listed: ${result.stderr.trim()}`);
  };
  const [tracked, others] = await Promise.all([list("--stage"), list("--others", "--exclude-standard")]);
  const inside = apart
    .map((folder) => relative(top, folder))
    .filter((path) => path !== "" && path !== ".." && !path.startsWith(`..${sep}`))
    .map((path) => `${toBytePath(path)}/`);
  const counts = (path: BytePath) =>
    !inside.some((folder) => path.startsWith(folder) || `${path}/` === folder);

  const files = new Set<BytePath>();
  const submodules: BytePath[] = [];
  for (const entry of tracked) {
    const path = entry.slice(entry.indexOf("\t") + 1);
    if (!counts(path)) continue;
    if (entry.startsWith("160000 ")) submodules.push(path);
    else files.add(path);
  }
  for (const path of others) {
    if (!counts(path)) continue;
    if (!path.endsWith("/")) files.add(path);
    else for (const inner of await nestedFiles(git, top, path, signal)) files.add(`${path}${inner}`);
  }
  return { files, submodules };
}

/** An untracked repository inside the tree is listed as one folder; its files count, its `.git` does not. */
async function nestedFiles(
  git: Git,
  top: string,
  path: BytePath,
  signal: AbortSignal,
): Promise<Iterable<BytePath>> {
  const folder = `${top}/${showPath(path)}`;
  try {
    return (await listFiles(git, folder, [], signal)).files;
  } catch (error) {
    if (signal.aborted) throw error;
    return [];
  }
}
