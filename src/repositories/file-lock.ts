import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { Clock } from "../clock.ts";
import { ExecError } from "../errors.ts";

export interface FileLockOptions {
  readonly clock: Clock;
  /** How long to wait for another holder. */
  readonly waitMs: number;
}

const FIRST_POLL_MS = 5;
const MAX_POLL_MS = 200;

/**
 * Runs `work` while no other process on this machine, and nothing else in this one, holds the lock of this file.
 * SQLite holds it, as Node has no `flock`: the kernel frees it with the process, however that ended. The file stays.
 * Rejects with `Transient` where the lock could not be had in time, with `QuotaExceeded` where the disk is full.
 */
export async function withFileLock<T>(
  path: string,
  { clock, waitMs }: FileLockOptions,
  work: () => Promise<T>,
): Promise<T> {
  await mkdir(dirname(path), { recursive: true });
  const database = new DatabaseSync(path, { timeout: 0 });
  try {
    const start = clock.monotonic();
    for (let poll = FIRST_POLL_MS; !tryLock(database); poll = Math.min(poll * 2, MAX_POLL_MS)) {
      if (clock.monotonic() - start >= waitMs) {
        throw new ExecError("Transient", "Another process has been busy with this repository for too long.");
      }
      await new Promise<void>((resolve) => clock.after(poll, resolve));
    }
    return await work();
  } finally {
    database.close();
  }
}

function tryLock(database: DatabaseSync): boolean {
  try {
    database.exec("BEGIN EXCLUSIVE");
    return true;
  } catch (error) {
    const code = codeOf(error);
    if (code === "busy") return false;
    const why = error instanceof Error ? error.message : String(error);
    throw new ExecError(code, `The lock of a repository cannot be taken: ${why}`, { cause: error });
  }
}

/** By SQLite's primary result codes: https://sqlite.org/rescode.html */
function codeOf(error: unknown): "busy" | "Transient" | "QuotaExceeded" | "Permanent" {
  const code = error instanceof Error && "errcode" in error ? Number(error.errcode) & 0xff : 0;
  const [busy, locked, inputOutput, full] = [5, 6, 10, 13];
  if (code === busy || code === locked) return "busy";
  if (code === full) return "QuotaExceeded";
  return code === inputOutput ? "Transient" : "Permanent";
}
