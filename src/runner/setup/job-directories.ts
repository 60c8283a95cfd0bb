import { mkdirSync, readdirSync, rmdirSync, rmSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
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
export async function removeTemp({ temp, control }: JobDirectories): Promise<string | undefined> {
  try {
    // A handful of small files: sooner gone than handed to another thread.
    if (control !== undefined) rmSync(control, { recursive: true, force: true });
    if (control === undefined || readdirSync(temp).length > 0)
      await rm(temp, { recursive: true, force: true, maxRetries: 2 });
    else rmdirSync(temp);
    return undefined;
  } catch (error) {
    return describeFileError("The temporary directory of the job cannot be removed", error).message;
  }
}
