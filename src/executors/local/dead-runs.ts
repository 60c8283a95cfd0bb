import { readdirSync, readFileSync, readlinkSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { processIds, processVariable } from "../../runner/process/process-table.ts";
import { killLeftovers } from "../../runner/process/process-tracker.ts";

/** In the folder of a run: which process it belongs to. */
const OWNER = ".owner";
const PREFIX = "slipway-";

/**
 * Says in the folder of a run that it is this process's, so that another run can clear it away should this process be
 * killed. Without `/proc` nothing is said, and nothing is cleared away.
 */
export function claimFolder(folder: string, pid: number = process.pid): void {
  try {
    writeFileSync(join(folder, OWNER), ownerText(pid));
  } catch {
    // It stays where it is after a kill, as any program's temporary folder does.
  }
}

/**
 * Kills what is left of runs that were killed themselves, and removes their folders below `parent`. A folder without
 * an owner (one that is kept) is left alone, and so is one of another machine, another boot or another container:
 * whether its owner lives cannot be told from here. Never rejects.
 */
export async function sweepDeadRuns(parent: string): Promise<void> {
  const dead = runFolders(parent).filter(isDead);
  if (dead.length === 0) return;
  const left = new Set<string>();
  for (const pid of processIds() ?? []) {
    const temp = processVariable(pid, "RUNNER_TEMP");
    const tracking = processVariable(pid, "RUNNER_TRACKING_ID");
    if (temp === undefined || !tracking) continue;
    if (dead.some((folder) => temp.startsWith(`${folder}/`))) left.add(tracking);
  }
  await Promise.all([...left].map((tracking) => killLeftovers(tracking)));
  await Promise.all(dead.map((folder) => rm(folder, { recursive: true, force: true }).catch(() => {})));
}

/** Names a process of this machine for ever, also after its id was given out again. Throws where there is none such. */
export function ownerText(pid: number): string {
  return JSON.stringify(ownerOf(pid));
}

/**
 * Whether the process that `ownerText` named is gone for certain. Of another machine, another boot or another container that
 * cannot be told from here.
 */
export function isOwnerDead(text: string): boolean {
  let owner: Owner;
  try {
    owner = JSON.parse(text) as Owner;
    const { boot, namespace } = here();
    if (owner.boot !== boot || owner.namespace !== namespace) return false;
  } catch {
    return false;
  }
  try {
    return startOf(owner.pid) !== owner.start;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== "EACCES";
  }
}

interface Owner {
  readonly boot: string;
  readonly namespace: string;
  readonly pid: number;
  /** Clock ticks since the boot: an id that was given out again belongs to a process with a later start. */
  readonly start: string;
}

function ownerOf(pid: number): Owner {
  return { ...here(), pid, start: startOf(pid) };
}

function here(): Pick<Owner, "boot" | "namespace"> {
  return {
    boot: readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim(),
    namespace: readlinkSync("/proc/self/ns/pid"),
  };
}

/** Throws where there is no such process. */
function startOf(pid: number): string {
  const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  // A process that is dead and not yet buried does nothing more.
  if (fields[0] === "Z" || fields[0] === "X") throw new Error(`process ${pid} has ended`);
  return fields[19] ?? "";
}

function runFolders(parent: string): string[] {
  try {
    const names = readdirSync(parent).filter((name) => name.startsWith(PREFIX));
    return names.map((name) => join(parent, name));
  } catch {
    return [];
  }
}

function isDead(folder: string): boolean {
  try {
    return isOwnerDead(readFileSync(join(folder, OWNER), "utf8"));
  } catch {
    return false;
  }
}
