import { type Clock, systemClock } from "../../clock.ts";
import { signalGroup } from "./process-group.ts";
import {
  newestProcessId,
  type ProcessEntry,
  processEntry,
  processIds,
  processVariable,
} from "./process-table.ts";

const VARIABLE = "RUNNER_TRACKING_ID";
/** So long, few enough processes were started that a process id from before still means the same process. */
const TRUST_IDS_MS = 5_000;
/** So many ids are sooner asked one by one than picked out of all processes. */
const FEW_IDS = 100;
const ROUND_MS = 5;
/** A process in an uninterruptible wait cannot be killed; it is not waited for longer than this. */
const GIVE_UP_MS = 2_000;

/**
 * Knows what the steps of one job started, so that nothing of it outlives the job.
 *
 * Put `env` into the environment of every step: descendants inherit it, whatever they do with groups and sessions.
 * Found are: processes with the variable; processes of the session or group of a step's own process; descendants of
 * either. Not found is a process that did three things: it removed the variable from its environment, began a session
 * of its own, and its parents are gone. Without `/proc` (macOS) only the steps' groups are found.
 */
export interface ProcessTracker {
  /** `RUNNER_TRACKING_ID`, GitHub's name for the same thing. */
  readonly env: { readonly RUNNER_TRACKING_ID: string };
  started(pid: number): void;
  ended(pid: number): void;
  /** Kills (SIGKILL) all that is left, again and again until nothing is; says what it killed. Call it last. */
  killLeftovers(): Promise<readonly LeftoverProcess[]>;
}

export interface LeftoverProcess {
  readonly pid: number;
  readonly name: string;
}

/** `trackingId`: `github_` and a UUID, unique to the job. Make it before the job's first process. */
export function createProcessTracker(trackingId: string, clock: Clock = systemClock): ProcessTracker {
  const newestBefore = newestProcessId();
  const createdAt = clock.monotonic();
  const running = new Set<number>();
  const roots = new Set<number>();

  // Ids are given out in order: while they cannot have begun again, what came later has a higher one.
  const candidates = (): readonly number[] | undefined => {
    const newest = newestProcessId();
    const inOrder =
      newestBefore > 0 && newest >= newestBefore && clock.monotonic() - createdAt <= TRUST_IDS_MS;
    if (!inOrder) return processIds();
    const count = newest - newestBefore;
    if (count > FEW_IDS) return processIds()?.filter((pid) => pid > newestBefore);
    return Array.from({ length: count }, (_, index) => newestBefore + 1 + index);
  };
  return {
    env: { [VARIABLE]: trackingId },
    started(pid) {
      running.add(pid);
      roots.add(pid);
    },
    ended(pid) {
      running.delete(pid);
    },
    killLeftovers() {
      return killUntilGone(() => findLeftovers(trackingId, roots, running, candidates()), clock);
    },
  };
}

/** Kills every process that carries the tracking id, and its descendants, for a caller that did not start them. */
export function killLeftovers(
  trackingId: string,
  clock: Clock = systemClock,
): Promise<readonly LeftoverProcess[]> {
  const none = new Set<number>();
  return killUntilGone(() => findLeftovers(trackingId, none, none, processIds()), clock);
}

async function killUntilGone(find: () => LeftoverProcess[], clock: Clock): Promise<LeftoverProcess[]> {
  const killed = new Map<number, LeftoverProcess>();
  const deadline = clock.monotonic() + GIVE_UP_MS;
  for (;;) {
    const found = find();
    for (const leftover of found) {
      killed.set(leftover.pid, leftover);
      try {
        process.kill(leftover.pid, "SIGKILL");
      } catch {
        // It went by itself, or belongs to another user: the next round tells.
      }
    }
    if (found.length === 0 || clock.monotonic() >= deadline) return [...killed.values()];
    await new Promise<void>((resolve) => clock.after(ROUND_MS, resolve));
  }
}

function findLeftovers(
  trackingId: string,
  roots: ReadonlySet<number>,
  running: ReadonlySet<number>,
  ids: readonly number[] | undefined,
): LeftoverProcess[] {
  if (ids === undefined) return leftoverGroups(roots);
  const entries = new Map<number, ProcessEntry>();
  for (const pid of ids) {
    if (pid === process.pid) continue;
    const entry = processEntry(pid);
    if (entry !== undefined) entries.set(pid, entry);
  }
  const ours = new Map<number, ProcessEntry>();
  for (const entry of entries.values()) {
    const inSession =
      isLeftIn(entry.session, roots, running, entries) || isLeftIn(entry.group, roots, running, entries);
    const marker = processVariable(entry.pid, VARIABLE);
    if (marker === trackingId || (inSession && !marker)) ours.set(entry.pid, entry);
  }
  if (ours.size === 0) return [];
  addDescendants(ours, entries);
  // Threads answer to their ids in /proc too, but are not listed there.
  const listed = new Set(processIds());
  for (const pid of ours.keys()) if (!listed.has(pid)) ours.delete(pid);
  return [...ours.values()].map(({ pid, name }) => ({ pid, name }));
}

/**
 * The session or group of a process of ours. Once that process has ended, a living process with its id is a stranger
 * that was given the same id later, and so is its session.
 */
function isLeftIn(
  id: number,
  roots: ReadonlySet<number>,
  running: ReadonlySet<number>,
  entries: ReadonlyMap<number, ProcessEntry>,
): boolean {
  return roots.has(id) && (running.has(id) || !entries.has(id));
}

function addDescendants(ours: Map<number, ProcessEntry>, entries: ReadonlyMap<number, ProcessEntry>): void {
  const children = Map.groupBy(entries.values(), (entry) => entry.parent);
  const queue = [...ours.keys()];
  for (let pid = queue.pop(); pid !== undefined; pid = queue.pop()) {
    for (const child of children.get(pid) ?? []) {
      if (ours.has(child.pid)) continue;
      ours.set(child.pid, child);
      queue.push(child.pid);
    }
  }
}

function leftoverGroups(roots: ReadonlySet<number>): LeftoverProcess[] {
  return [...roots]
    .filter((group) => signalGroup(group, "SIGKILL"))
    .map((pid) => ({ pid, name: `group ${pid}` }));
}
