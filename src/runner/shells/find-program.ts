import { accessSync, constants, statSync } from "node:fs";
import { delimiter, isAbsolute, resolve } from "node:path";

export interface ProgramLookup {
  /** The step's PATH, `GITHUB_PATH` additions included. */
  readonly path: string;
  /** Relative names with a slash, and relative entries of PATH, are resolved from here. */
  readonly cwd: string;
}

/** The file that `name` stands for; undefined where there is none that may be executed. */
export function findProgram(name: string, { path, cwd }: ProgramLookup): string | undefined {
  if (isAbsolute(name) || name.includes("/")) {
    const file = resolve(cwd, name);
    return isExecutable(file) ? file : undefined;
  }
  for (const folder of path.split(delimiter)) {
    if (folder === "") continue;
    const file = resolve(cwd, folder, name);
    if (isExecutable(file)) return file;
  }
  return undefined;
}

function isExecutable(file: string): boolean {
  if (statSync(file, { throwIfNoEntry: false })?.isFile() !== true) return false;
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
