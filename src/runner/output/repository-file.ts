import { readFileSync, statSync } from "node:fs";
import { dirname, isAbsolute, join, relative, resolve, sep } from "node:path";
import { ownPath } from "./own-path.ts";

/** Where annotations find the files they name. */
export interface RepositoryPlace {
  /** `GITHUB_WORKSPACE` */
  readonly workspace: string;
  /** Where steps in containers see the workspace; absent: there are none. */
  readonly stepWorkspace?: string;
  /** `owner/repo` */
  readonly repository: string;
  readonly serverUrl: string;
}

/** The path as an annotation shows it: relative to the workspace where it is inside it, else as it is. */
export function relativeToWorkspace(file: string, workspace: string): string {
  if (!isAbsolute(file)) return file;
  const path = relative(workspace, file);
  return path === "" || path.startsWith("..") || isAbsolute(path) ? file : path.split(sep).join("/");
}

/**
 * The path, from the root of the workflow's repository, of a file that a problem matcher found; `fromPath` is a file
 * beside which it stands. `reason` says why it belongs to no annotation: it does not exist, or is of another
 * repository.
 */
export function fileInRepository(
  file: string,
  fromPath: string | undefined,
  place: RepositoryPlace,
): { readonly path: string } | { readonly reason: string } {
  const own = (path: string) => ownPath(path, place.workspace, place.stepWorkspace);
  const directory = fromPath?.trim() ? dirname(own(fromPath)) : "";
  const full = resolve(place.workspace, directory, own(file));
  if (statSync(full, { throwIfNoEntry: false })?.isFile() !== true) {
    return { reason: `Dropping file value '${full}'. Path does not exist` };
  }
  const root = repositoryRoot(full, place);
  if (root === undefined) {
    return { reason: `Dropping file value '${full}'. Path is not under the workflow repo.` };
  }
  return { path: relative(root, full).split(sep).join("/") };
}

/**
 * The nearest folder above that is a git repository, if it is the workflow's: it is the workspace itself, or its
 * `config` names the repository's URL. Without any git the workspace counts as the repository.
 */
function repositoryRoot(file: string, place: RepositoryPlace): string | undefined {
  for (let folder = dirname(file); ; folder = dirname(folder)) {
    const config = readIfThere(join(folder, ".git", "config"));
    if (folder === place.workspace) return folder;
    if (config !== undefined) return namesRepository(config, place) ? folder : undefined;
    if (folder === dirname(folder)) return undefined;
  }
}

function namesRepository(config: string, { repository, serverUrl }: RepositoryPlace): boolean {
  const host = URL.parse(serverUrl)?.host ?? serverUrl;
  const wanted = [`url = ${serverUrl}/${repository}`, `url = git@${host}:${repository}.git`];
  const lines = config.split("\n").map((line) => line.trim().toLowerCase());
  return wanted.some((line) => lines.includes(line.toLowerCase()));
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
