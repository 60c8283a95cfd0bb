import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const LIMIT_MS = 300_000;

/** Runs `action` while no other process runs one under the same lock, a folder; that of a process that died is taken over. */
export async function underLock<T>(lock: string, action: () => T | Promise<T>): Promise<T> {
  const owner = join(lock, "pid");
  const deadline = Date.now() + LIMIT_MS;
  while (!taken(lock)) {
    if (!lives(owner)) rmSync(lock, { recursive: true, force: true });
    else if (Date.now() > deadline) throw new Error(`Another process holds ${lock} for too long.`);
    else await new Promise((resolve) => setTimeout(resolve, 50));
  }
  writeFileSync(owner, `${process.pid}`);
  try {
    return await action();
  } finally {
    rmSync(lock, { recursive: true, force: true });
  }
}

function taken(lock: string): boolean {
  try {
    mkdirSync(lock);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    return false;
  }
}

function lives(owner: string): boolean {
  let pid: number;
  try {
    pid = Number(readFileSync(owner, "utf8"));
  } catch {
    // It has made its folder and not yet written who it is.
    return true;
  }
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
