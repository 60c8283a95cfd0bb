import { type Dirent, existsSync, readdirSync, statSync } from "node:fs";
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from "node:path";
import { suggest } from "../../spec/suggest.ts";
import { UsageError } from "../usage-error.ts";
import { describeFileError } from "./file-error.ts";

const FOLDERS = [".workflows", join(".github", "workflows")];
const PLATFORM_FILES = [".platform.yaml", ".platform.yml"];

/**
 * The folder a run is about: the nearest one, from here up to the top of the repository, that has pipelines; so that a
 * project inside a larger repository can have its own. Without any, the top of the repository, else this folder.
 */
export function findProjectRoot(folder: string): string {
  for (let at = folder; ; at = dirname(at)) {
    if ([...FOLDERS, ...PLATFORM_FILES].some((name) => existsSync(join(at, name)))) return at;
    if (existsSync(join(at, ".git"))) return at;
    if (dirname(at) === at) return folder;
  }
}

/** Absolute paths of the project's pipeline files, in the order .workflows, .github/workflows, .platform.yaml. */
export function projectPipelines(root: string): string[] {
  return [
    ...FOLDERS.flatMap((name) => pipelinesInFolder(join(root, name))),
    ...PLATFORM_FILES.map((name) => join(root, name)).filter((path) => existsSync(path)),
  ];
}

/** Pipeline files that were asked for. */
export interface NamedPipelines {
  /** Absolute. */
  readonly paths: readonly string[];
  /** Every one of them by itself, none through its folder. */
  readonly named: boolean;
}

/** Files and folders as given by --workflows or as arguments, relative to `folder`. Throws `UsageError`. */
export function namedPipelines(names: readonly string[], folder: string): NamedPipelines {
  let named = true;
  const paths = names.flatMap((name) => {
    const path = resolve(folder, name);
    const stat = statSync(path, { throwIfNoEntry: false });
    if (stat === undefined) throw new UsageError(`There is no file or folder ${name} (looked at ${path}).`);
    if (!stat.isDirectory()) return [path];
    named = false;
    const found = pipelinesInFolder(path);
    if (found.length === 0) throw new UsageError(`No pipeline file (*.yml, *.yaml) in the folder ${name}.`);
    return found;
  });
  return { paths: [...new Set(paths)], named };
}

/**
 * The pipeline file that an argument names: a path from here, or a name (with or without its ending) in the project's
 * pipeline folders. Undefined where it names none. Throws `UsageError` where it can only have meant a file.
 */
export function findPipelineFile(name: string, folder: string, root: string): string | undefined {
  const path = resolve(folder, name);
  if (statSync(path, { throwIfNoEntry: false })?.isFile()) return path;
  const known = projectPipelines(root);
  const same = known.find(
    (file) =>
      file === resolve(root, name) ||
      basename(file) === name ||
      basename(file).replace(/\.ya?ml$/, "") === name,
  );
  if (same !== undefined) return same;
  if (!/\.ya?ml$/.test(name) && !name.includes("/") && !name.includes(sep)) return undefined;
  const meant = suggest(
    basename(name),
    known.map((file) => basename(file)),
  );
  throw new UsageError(
    `There is no pipeline file ${name}.`,
    meant === undefined
      ? `Looked at ${path}, and in ${FOLDERS.join(" and ")} of ${root}.`
      : `Did you mean ${meant}?`,
  );
}

/** A path as people and diagnostics name it: relative to the project where it is inside. */
export function displayPath(path: string, root: string): string {
  const inside = relative(root, path);
  return inside === "" || inside.startsWith("..") || isAbsolute(inside) ? path : inside.split(sep).join("/");
}

function pipelinesInFolder(folder: string): string[] {
  let entries: Dirent[];
  try {
    entries = readdirSync(folder, { withFileTypes: true });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw new UsageError(`Cannot read the folder ${folder}: ${describeFileError(error)}.`);
  }
  return entries
    .filter((entry) => /\.ya?ml$/.test(entry.name) && !entry.isDirectory())
    .map((entry) => join(folder, entry.name))
    .sort();
}
