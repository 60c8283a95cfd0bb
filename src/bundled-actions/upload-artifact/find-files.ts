import { stat } from "node:fs/promises";
import { dirname, sep } from "node:path";
import { create } from "@actions/glob";

export interface FoundFiles {
  /** Absolute paths of files; folders are only ways to files. */
  readonly files: string[];
  /** Absolute; names inside the artifact are relative to it. */
  readonly root: string;
}

/** Files that match the patterns, as GitHub's upload action finds them. */
export async function findFiles(patterns: string, hidden: boolean): Promise<FoundFiles> {
  const globber = await create(patterns, { excludeHiddenFiles: !hidden });
  const found = await globber.glob();
  const isFolder = await Promise.all(found.map(async (path) => (await stat(path)).isDirectory()));
  const files = found.filter((_, index) => !isFolder[index]);
  const [first = sep, ...others] = globber.getSearchPaths();
  // One file named without a pattern stands in the artifact by its bare name.
  if (others.length === 0 && files.length === 1 && files[0] === first) return { files, root: dirname(first) };
  return { files, root: commonFolder([first, ...others]) };
}

/** The deepest folder that holds all paths. */
export function commonFolder(paths: readonly string[]): string {
  const [first = [], ...others] = paths.map((path) => path.split(sep));
  const length = first.findIndex((part, index) => others.some((other) => other[index] !== part));
  return (length < 0 ? first : first.slice(0, length)).join(sep) || sep;
}
