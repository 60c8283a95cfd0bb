import { appendFileSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { safeFileName } from "../../executors/local/safe-file-name.ts";

/**
 * `github.run_number` of a pipeline: 1, 2, 3, … Each run adds a line with its id to a file and takes the number of that
 * line, so that two runs at once never get the same one (appending is atomic). 1 where nothing can be written.
 */
export function nextRunNumber(stateFolder: string, repository: string, file: string, runId: string): number {
  try {
    const folder = join(stateFolder, "runs", safeFileName(repository));
    const path = join(folder, safeFileName(file));
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    appendFileSync(path, `${runId}\n`);
    const number = readFileSync(path, "utf8").split("\n").indexOf(runId) + 1;
    return Math.max(1, number);
  } catch {
    return 1;
  }
}

/** Unique among the runs of this machine, and an integer that JavaScript can hold, as GitHub's is. */
export function newRunId(now: number, pid: number, index: number): string {
  return String(Math.trunc(now) * 1000 + ((pid + index) % 1000));
}
