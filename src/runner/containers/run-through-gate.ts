import type { Socket } from "node:net";
import type { Clock } from "../../clock.ts";
import { ExecError } from "../../errors.ts";
import type { ProcessEnd } from "../process/process-end.ts";
import {
  encodeGateMessage,
  type GateEnd,
  type GateMessage,
  type GateRun,
  readGateMessages,
} from "./gate-protocol.ts";
import type { ContainerEnd } from "./step-containers.ts";

export interface GatedProcess extends GateRun {
  readonly signal: AbortSignal;
  readonly kill: AbortSignal;
  /** As of `runProcess`. */
  readonly onOutput: (chunk: Uint8Array) => void | Promise<void>;
  readonly clock: Clock;
  /** Settles when the container is known to have ended. */
  readonly ended: Promise<ContainerEnd>;
}

/** How long it takes at the most until a gate has killed what it runs: then its container is given up. */
const CANCEL_LIMIT_MS = 15_000;
const KILL_LIMIT_MS = 3_000;
/** A gate that went away: so long somebody may yet say why. */
const REASON_MS = 3_000;

/**
 * Runs a process behind a gate as `runProcess` runs one here: what it says about output, cancel and kill holds. A
 * container that ended before its process did is `lost`. Rejects only with what `onOutput` throws.
 */
export async function runThroughGate(socket: Socket, process: GatedProcess): Promise<ProcessEnd> {
  const { signal, kill, onOutput, clock, ended, ...run } = process;
  if (signal.aborted || kill.aborted) {
    socket.destroy();
    return notStartedAfterCancel();
  }
  const say = (message: GateMessage) => {
    if (!socket.destroyed) socket.write(encodeGateMessage(message));
  };
  let cancelled = false;
  let takeBack = () => {};
  const giveUpAfter = (delayMs: number) => {
    takeBack();
    takeBack = clock.after(delayMs, () => socket.destroy());
  };
  const cancel = () => {
    cancelled = true;
    say({ type: "cancel" });
    giveUpAfter(CANCEL_LIMIT_MS);
  };
  const killNow = () => {
    cancelled = true;
    say({ type: "kill" });
    giveUpAfter(KILL_LIMIT_MS);
  };
  signal.addEventListener("abort", cancel, { once: true });
  kill.addEventListener("abort", killNow, { once: true });
  say({ type: "run", run });
  try {
    const end = await follow(socket, onOutput);
    return end === undefined
      ? { kind: "lost", error: await lostError(ended, clock), cancelled }
      : { ...(await processEnd(end, onOutput)), cancelled };
  } finally {
    takeBack();
    signal.removeEventListener("abort", cancel);
    kill.removeEventListener("abort", killNow);
    socket.destroy();
  }
}

/** Undefined: the gate went away without a word. */
async function follow(
  socket: Socket,
  onOutput: (chunk: Uint8Array) => void | Promise<void>,
): Promise<GateEnd | undefined> {
  const messages = readGateMessages(socket);
  for (;;) {
    let next: IteratorResult<GateMessage>;
    try {
      next = await messages.next();
    } catch {
      return undefined;
    }
    if (next.done === true) return undefined;
    if (next.value.type === "ended") return next.value.end;
    if (next.value.type === "output") await onOutput(next.value.data);
  }
}

/** What was not started ends as in a shell: with a line that says why, and its exit code. */
async function processEnd(
  end: GateEnd,
  onOutput: (chunk: Uint8Array) => void | Promise<void>,
): Promise<
  | { readonly kind: "exited"; readonly code: number }
  | { readonly kind: "signalled"; readonly signal: NodeJS.Signals }
> {
  if (end.kind !== "not-started") return end;
  await onOutput(Buffer.from(`${end.message}\n`, "utf8"));
  return { kind: "exited", code: end.code };
}

function notStartedAfterCancel(): ProcessEnd {
  const error = new ExecError("Cancelled", "It was cancelled before its process was started.");
  return { kind: "not-started", error, cancelled: true };
}

async function lostError(ended: Promise<ContainerEnd>, clock: Clock): Promise<ExecError> {
  const unknown = new Promise<undefined>((resolve) => {
    clock.after(REASON_MS, () => resolve(undefined));
  });
  return containerError(await Promise.race([ended, unknown]));
}

/** Why a container ended that should not have. */
export function containerError(end: ContainerEnd | undefined): ExecError {
  if (end?.outOfMemory === true) {
    return new ExecError("Permanent", end.error ?? "The step's container was killed: it was out of memory.");
  }
  const code = end?.exitCode === undefined ? "" : ` with exit code ${end.exitCode}`;
  const detail = end?.error === undefined ? "." : `: ${end.error}`;
  return new ExecError("Permanent", `The step's container ended${code} before its program did${detail}`);
}
