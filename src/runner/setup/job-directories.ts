import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { JobRequest } from "../../protocol/job-request.ts";
import { eventPath } from "../scope/job-contexts.ts";
import { describeFileError } from "../steps/describe-file-error.ts";

/**
 * Makes the job's directories, empties the temporary one and writes the event for `GITHUB_EVENT_PATH`. Throws
 * `ExecError`.
 */
export function prepareDirectories({ directories, contexts }: JobRequest): void {
  const { workspace, temp, toolCache } = directories;
  try {
    for (const directory of [workspace, temp, toolCache]) mkdirSync(directory, { recursive: true });
    for (const name of readdirSync(temp)) rmSync(join(temp, name), { recursive: true, force: true });
    const event = eventPath(temp);
    mkdirSync(dirname(event));
    writeFileSync(event, JSON.stringify(contexts.github.event ?? {}, null, 2));
  } catch (error) {
    throw describeFileError("The directories of the job cannot be prepared", error);
  }
}

/** What the job left in its temporary directory goes with the job. What cannot be removed stays, and is told. */
export async function removeTemp(temp: string): Promise<string | undefined> {
  try {
    await rm(temp, { recursive: true, force: true, maxRetries: 2 });
    return undefined;
  } catch (error) {
    return describeFileError("The temporary directory of the job cannot be removed", error).message;
  }
}
