import { lstatSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { rm, rmdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { JobDirectories, JobRequest } from "../../protocol/job-request.ts";
import { eventPath } from "../scope/job-contexts.ts";
import { describeFileError } from "../steps/describe-file-error.ts";

/**
 * Makes the job's directories, empties the temporary one and writes the event for `GITHUB_EVENT_PATH`. Throws
 * `ExecError`.
 */
export function prepareDirectories({ directories, contexts }: JobRequest): void {
  const { workspace, temp, toolCache, control } = directories;
  try {
    for (const directory of [workspace, temp, toolCache]) mkdirSync(directory, { recursive: true });
    empty(temp);
    if (control !== undefined) {
      mkdirSync(control, { recursive: true });
      empty(control);
    }
    const event = eventPath(directories);
    mkdirSync(dirname(event));
    writeFileSync(event, JSON.stringify(contexts.github.event ?? {}, null, 2));
  } catch (error) {
    throw describeFileError("The directories of the job cannot be prepared", error);
  }
}

function empty(directory: string): void {
  for (const name of readdirSync(directory)) rmSync(join(directory, name), { recursive: true, force: true });
}

/** What the job left in its temporary directories goes with the job. What cannot be removed stays, and is told. */
export async function emptyTemp({ temp, control }: JobDirectories): Promise<string | undefined> {
  try {
    // A handful of small files: sooner gone than handed to another thread.
    if (control !== undefined && isDirectory(control)) empty(control);
    if (!isDirectory(temp)) {
      await rm(temp, { force: true });
      return undefined;
    }
    // What is in it first: of a folder that something is mounted on nothing at all would be removed.
    const all = readdirSync(temp).map((name) => join(temp, name));
    const hadAny = all.length > 0;
    await Promise.all(all.map((path) => rm(path, { recursive: true, force: true, maxRetries: 2 })));
    // An empty one may serve another job as it is.
    if (hadAny) await rmdir(temp).catch(() => {});
    return undefined;
  } catch (error) {
    return describeFileError("The temporary directory of the job cannot be removed", error).message;
  }
}

/** Not where a step put a link in its place: what that leads to is not the job's. */
function isDirectory(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}
