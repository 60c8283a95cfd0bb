import { lchownSync, lstatSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import type { JobRequest } from "../../protocol/job-request.ts";

/** After so many entries others may go on. */
const AT_ONCE = 2_000;

/**
 * Gives what is in the workspace to its owner, where this process is root and may: links are given themselves, and not
 * followed. Call it when nothing of the job runs any more. Gives what went wrong, for a person; never rejects.
 */
export async function ownWorkspace(
  { workspaceOwner: owner, directories: { workspace } }: JobRequest,
  userId: number | undefined,
): Promise<string | undefined> {
  if (owner === undefined || userId !== 0) return undefined;
  const problems: string[] = [];
  let count = 0;
  const folders = [workspace];
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    try {
      own(folder, owner);
      for (const entry of readdirSync(folder, { withFileTypes: true })) {
        const path = join(folder, entry.name);
        if (entry.isDirectory()) folders.push(path);
        else attempt(() => own(path, owner), problems);
        if (++count % AT_ONCE === 0) await setImmediate();
      }
    } catch (error) {
      problems.push(reasonOf(error));
    }
  }
  if (problems.length === 0) return undefined;
  const more = problems.length === 1 ? "" : ` (and ${problems.length - 1} more)`;
  return `Not all of the workspace could be given to user ${owner.uid}: ${problems[0]}${more}`;
}

function own(path: string, { uid, gid }: { readonly uid: number; readonly gid: number }): void {
  const stats = lstatSync(path);
  if (stats.uid !== uid || stats.gid !== gid) lchownSync(path, uid, gid);
}

function attempt(change: () => void, problems: string[]): void {
  try {
    change();
  } catch (error) {
    problems.push(reasonOf(error));
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
