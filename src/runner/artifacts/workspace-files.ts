import type { Dirent } from "node:fs";
import { constants, type FileHandle, lstat, open, readdir, realpath } from "node:fs/promises";
import { isAbsolute, join, posix, relative, sep } from "node:path";
import picomatch from "picomatch";
import { ExecError } from "../../errors.ts";

export interface WorkspaceFiles {
  /** Paths from the workspace, with `/`, sorted. */
  readonly files: readonly string[];
  /** What matches and still is not among them, and why; for a person. */
  readonly problems: readonly string[];
}

/** Where `.platform.yaml`'s commands see the workspace; a path may be written from there. */
const MOUNTED_AT = "/workspace";

/**
 * Files of a workspace by path or pattern (`dist`, `out/*.log`, a `**` for any depth). A folder stands for all it
 * holds, `.git` excepted. Links are followed as far as they stay inside the workspace; nothing outside is looked at.
 */
export async function findWorkspaceFiles(workspace: string, pattern: string): Promise<WorkspaceFiles> {
  const root = await realpath(workspace);
  const inside = insidePattern(workspace, root, pattern);
  if (inside === undefined) {
    return { files: [], problems: [`${JSON.stringify(pattern)} lies outside the workspace`] };
  }
  const { base, glob } = picomatch.scan(inside);
  const search: Search = {
    root,
    matches: glob === "" ? (path) => path === inside : picomatch(inside, { dot: true }),
    wantsGit: inside.split("/").includes(".git"),
    files: new Set(),
    problems: [],
  };
  if (inside === "") await walk(search, "", true, new Set([root]));
  else await visit(search, glob === "" ? inside : base, false, new Set());
  return { files: [...search.files].sort(), problems: search.problems };
}

/** Opens a file of the workspace for reading; `Forbidden` if it turns out to lie outside. */
export async function openWorkspaceFile(workspace: string, path: string): Promise<FileHandle> {
  const real = await realpath(join(workspace, path));
  if (!isInside(await realpath(workspace), real)) {
    throw new ExecError("Forbidden", `${path} is a link that leaves the workspace`);
  }
  // Without O_NONBLOCK a pipe put in the file's place would hold us for ever.
  const handle = await open(real, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  if ((await handle.stat()).isFile()) return handle;
  await handle.close();
  throw new ExecError("InvalidSpec", `${path} is not a file`);
}

interface Search {
  readonly root: string;
  readonly matches: (path: string) => boolean;
  /** The pattern itself names `.git`. */
  readonly wantsGit: boolean;
  readonly files: Set<string>;
  readonly problems: string[];
}

/** `taken`: a folder above matched. `above`: real paths of the folders above, to notice links in a circle. */
async function visit(
  search: Search,
  path: string,
  taken: boolean,
  above: ReadonlySet<string>,
): Promise<void> {
  const wanted = taken || search.matches(path);
  const absolute = join(search.root, path);
  let stats = await lstat(absolute).catch(() => undefined);
  if (!stats) return;
  const real = await realpath(absolute).catch(() => undefined);
  if (real === undefined || !isInside(search.root, real)) {
    const why = real === undefined ? "is a link to nothing" : "is a link that leaves the workspace";
    if (wanted) search.problems.push(`${path} ${why}`);
    return;
  }
  if (stats.isSymbolicLink()) stats = await lstat(real);
  if (stats.isDirectory()) {
    if (above.has(real)) return;
    await walk(search, path, wanted, new Set([...above, real]));
  } else if (wanted && stats.isFile()) {
    search.files.add(path);
  } else if (wanted) {
    search.problems.push(`${path} is neither a file nor a folder`);
  }
}

async function walk(search: Search, path: string, taken: boolean, above: ReadonlySet<string>): Promise<void> {
  let entries: Dirent[];
  try {
    entries = await readdir(join(search.root, path), { withFileTypes: true });
  } catch (error) {
    search.problems.push(
      `${path || "the workspace"} cannot be read: ${error instanceof Error ? error.message : error}`,
    );
    return;
  }
  for (const entry of entries) {
    const next = path === "" ? entry.name : `${path}/${entry.name}`;
    if (entry.name === ".git" && !search.wantsGit) continue;
    await visit(search, next, taken, above);
  }
}

/** The pattern from the workspace's root; undefined where it leads elsewhere. */
function insidePattern(workspace: string, root: string, pattern: string): string | undefined {
  let path = pattern.trim();
  if (isAbsolute(path)) {
    const home = [workspace, root, MOUNTED_AT].find(
      (folder) => path === folder || path.startsWith(`${folder}/`),
    );
    if (home === undefined) return undefined;
    path = path.slice(home.length + 1);
  }
  const normal = posix.normalize(path).replace(/\/+$/, "");
  if (normal === ".") return "";
  return normal.split("/").includes("..") ? undefined : normal;
}

function isInside(root: string, path: string): boolean {
  const way = relative(root, path);
  return way === "" || (way !== ".." && !way.startsWith(`..${sep}`) && !isAbsolute(way));
}
