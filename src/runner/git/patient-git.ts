import { setTimeout as sleep } from "node:timers/promises";
import type { Git } from "./git.ts";
import { remoteProblem } from "./remote-error.ts";

export interface Patience {
  /** Told before each wait. */
  readonly log: (line: string) => void;
  /** Before the second, third, … try. */
  readonly delaysMs?: readonly number[];
  /** Resolves after `ms`, or as soon as the signal aborts. */
  readonly wait?: (ms: number, signal: AbortSignal) => Promise<void>;
}

const DELAYS_MS = [2_000, 8_000];
/** Commands that talk to a server and may be given again. */
const REMOTE = new Set(["fetch", "ls-remote", "submodule"]);
/** Not there, or not to be trusted: neither is mended by waiting. */
const LASTING = /Could not resolve host|certificate|SSL|TLS/i;

/**
 * The same git, but a server that does not answer, cuts the connection or is overloaded is asked again: a build must not
 * fail because the server that has its sources is being restarted. What it says otherwise is given back at once.
 */
export function patientGit(git: Git, { log, delaysMs = DELAYS_MS, wait = waitQuietly }: Patience): Git {
  return async (args, options) => {
    for (const delayMs of delaysMs) {
      const result = await git(args, options);
      const { code, stderr } = result;
      const mayPass = remoteProblem(stderr) === "unreachable" && !LASTING.test(stderr);
      if (code === 0 || !REMOTE.has(args[0] ?? "") || !mayPass) return result;
      log(`##[warning]The server could not be reached; trying again in ${delayMs / 1000} s.`);
      await wait(delayMs, options.signal);
    }
    return await git(args, options);
  };
}

async function waitQuietly(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch(() => {});
}
