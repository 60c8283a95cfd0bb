import { accessSync, constants, mkdtempSync, readdirSync, rmSync, type StatsFs, statfsSync } from "node:fs";
import { join } from "node:path";

/** Linux: a file system in memory that every process may use. */
const SHARED_MEMORY = "/dev/shm";
const TMPFS = 0x01021994;
/** What steps write into their environment files should never come near this. */
const ENOUGH_BYTES = 256 * 1024 * 1024;

/**
 * A new folder in memory, for small files that live as long as a step: on a disk's file system each of them costs a
 * good part of a millisecond. Undefined where there is no such file system, or little room on it. Folders of runs
 * that were killed go at the same time.
 */
export function memoryFolder(
  pid: number,
  shared = SHARED_MEMORY,
  statfs: (path: string) => FileSystemFacts = statfsSync,
): string | undefined {
  try {
    const { type, bavail, bsize } = statfs(shared);
    if (type !== TMPFS || bavail * bsize < ENOUGH_BYTES) return undefined;
    accessSync(shared, constants.W_OK);
    sweep(shared, pid);
    return mkdtempSync(join(shared, `slipway-${pid}-`));
  } catch {
    return undefined;
  }
}

/** Of `statfs`: what kind it is, and how many free blocks of how many bytes. */
export type FileSystemFacts = Pick<StatsFs, "type" | "bavail" | "bsize">;

/** `own`: several runs may be of one process, whatever it is said to be called. */
function sweep(shared: string, own: number): void {
  for (const name of readdirSync(shared)) {
    const pid = Number(/^slipway-(\d+)-/.exec(name)?.[1]);
    if (!Number.isInteger(pid) || pid === own || isAlive(pid)) continue;
    try {
      rmSync(join(shared, name), { recursive: true, force: true });
    } catch {
      // Another user's: theirs to remove.
    }
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
