import { spawn } from "node:child_process";
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { PartInfo, PartName } from "./part.ts";

const LIMIT_MS = 180_000;

/**
 * The run's server of this kind; the first of any number of processes that ask starts it. `folder` is the run's own, and
 * `owner` the process with whose end the run has ended.
 */
export async function usePart(folder: string, owner: number, name: PartName): Promise<PartInfo> {
  const own = join(folder, name);
  if (isFirst(own)) {
    const log = openSync(join(own, "keeper.log"), "a");
    const program = fileURLToPath(new URL("keep-part.ts", import.meta.url));
    spawn(process.execPath, [program, name, own, `${owner}`], {
      detached: true,
      stdio: ["ignore", log, log],
    }).unref();
    closeSync(log);
  }
  const deadline = Date.now() + LIMIT_MS;
  for (;;) {
    if (existsSync(join(own, "ready.json"))) return JSON.parse(readFileSync(join(own, "ready.json"), "utf8"));
    if (existsSync(join(own, "error.txt"))) {
      throw new Error(`${name} could not be started: ${readFileSync(join(own, "error.txt"), "utf8")}`);
    }
    if (Date.now() > deadline) throw new Error(`${name} did not start in time`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

function isFirst(own: string): boolean {
  try {
    mkdirSync(own);
    return true;
  } catch {
    return false;
  }
}

/** Stops every server of the run and waits for their end. */
export async function stopParts(folder: string): Promise<void> {
  const names = readdirSync(folder);
  for (const name of names) writeFileSync(join(folder, name, "stop"), "");
  const ended = (name: string) =>
    existsSync(join(folder, name, "stopped")) || existsSync(join(folder, name, "error.txt"));
  const deadline = Date.now() + 30_000;
  while (!names.every(ended) && Date.now() < deadline)
    await new Promise((resolve) => setTimeout(resolve, 50));
}
