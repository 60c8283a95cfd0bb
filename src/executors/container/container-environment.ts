import { accessSync, constants, mkdirSync } from "node:fs";
import { join } from "node:path";
import { findProgram } from "../../runner/shells/find-program.ts";
import { JOB_PATHS, KIT } from "../kit/kit-layout.ts";

/** What a container has on PATH where its image sets none. */
const USUAL_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** Absolute folders; handed in for tests. */
export interface ContainerFolders {
  readonly shellDirectory: string;
  readonly home: string;
  readonly temp: string;
}

const FOLDERS: ContainerFolders = {
  shellDirectory: KIT.shellDirectory,
  home: JOB_PATHS.home,
  temp: JOB_PATHS.temp,
};

/**
 * The environment that steps inherit in a container: that of its first process, which is the image's and what the executor
 * set, without what is only for the runner (`SLIPWAY_*`). The kit's shell comes last on PATH, and only where the image has
 * no `sh`. Where HOME or the folder for temporary files cannot be written to, one that can takes its place.
 */
export function containerEnvironment(
  env: { readonly [name: string]: string | undefined },
  folders: ContainerFolders = FOLDERS,
): Record<string, string> {
  const base: Record<string, string> = {};
  for (const [name, value] of Object.entries(env)) {
    if (value !== undefined && !name.startsWith("SLIPWAY_")) base[name] = value;
  }
  base.PATH = pathWithShell(base.PATH || USUAL_PATH, folders.shellDirectory);
  if (!canBeWritten(base.HOME)) {
    base.HOME = folders.home;
    makeFolder(folders.home);
  }
  if (!canBeWritten(base.TMPDIR ?? "/tmp")) base.TMPDIR = folders.temp;
  return base;
}

function pathWithShell(path: string, shellDirectory: string): string {
  return findProgram("sh", { path, cwd: "/" }) === undefined ? `${path}:${shellDirectory}` : path;
}

function canBeWritten(folder: string | undefined): boolean {
  if (folder === undefined || folder === "") return false;
  try {
    accessSync(join(folder, "."), constants.W_OK | constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function makeFolder(path: string): void {
  try {
    mkdirSync(path, { recursive: true });
  } catch {
    // A home that is not there: what needs one says so itself.
  }
}
