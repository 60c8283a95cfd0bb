import { lstat, readdir, rm } from "node:fs/promises";
import { join } from "node:path";

const MIN_AGE_MS = 3600 * 1000;
const MAX_AGE_MS = 24 * MIN_AGE_MS;

/** Name for a folder of this process; says to later ones whose it was. */
export function processFolderName(random: string): string {
  return `${process.pid}-${random}`;
}

/**
 * Removes what processes that died left in a folder of temporary things. A dead process's folder goes after an hour
 * (its number may belong to another machine that shares the disk), anything else after a day without a change.
 */
export async function clearLeftovers(folder: string, now: number): Promise<void> {
  const names = await readdir(folder).catch(() => []);
  for (const name of names) {
    const path = join(folder, name);
    const stats = await lstat(path).catch(() => undefined);
    if (!stats) continue;
    const age = now - stats.mtimeMs;
    const pid = /^(\d+)-/.exec(name)?.[1];
    const left = pid === undefined ? age > MAX_AGE_MS : age > MIN_AGE_MS && !isAlive(Number(pid));
    if (left) await rm(path, { recursive: true, force: true }).catch(() => undefined);
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}
