import { type ChildProcess, type StdioOptions, spawn } from "node:child_process";
import { closeSync } from "node:fs";
import { Socket } from "node:net";
import type { Writable } from "node:stream";
import { type Clock, systemClock } from "../../clock.ts";
import { ExecError } from "../../errors.ts";
import type { OutputPipes, ProcessPipe } from "./output-pipes.ts";
import { OutputReader } from "./output-reader.ts";
import type { ProcessEnd } from "./process-end.ts";
import { signalGroup } from "./process-group.ts";
import type { ProcessTracker } from "./process-tracker.ts";
import type { ProcessExit, SpawnedProcess, Spawner } from "./spawner.ts";
import { startError } from "./start-error.ts";

const GRACE = { interruptMs: 7_500, terminateMs: 2_500 };
const OUTPUT_GRACE = { quietMs: 250, totalMs: 2_000 };

export interface ProcessOptions {
  /** An absolute path (see `findProgram`). */
  readonly file: string;
  readonly args: readonly string[];
  readonly cwd: string;
  /** The whole environment; nothing is inherited. */
  readonly env: { readonly [name: string]: string };
  /** Written to its stdin, which is then closed. Absent: stdin is empty. */
  readonly stdin?: string | Uint8Array;
  /** Cancels: see `runProcess`. */
  readonly signal: AbortSignal;
  /** Kills the group at once. */
  readonly kill?: AbortSignal;
  /** How long a cancelled process has after SIGINT, and then after SIGTERM, in milliseconds. */
  readonly grace?: { readonly interruptMs: number; readonly terminateMs: number };
  /**
   * How long output of others that hold the process's stdout is still taken after it has ended, in milliseconds:
   * `quietMs` without a byte, and never longer than `totalMs`. Default: 250 and 2000.
   */
  readonly outputGrace?: { readonly quietMs: number; readonly totalMs: number };
  /**
   * stdout and stderr, in the order they were written. The chunk belongs to the receiver. A returned promise is
   * back-pressure: nothing more is read until it is settled.
   */
  readonly onOutput: (chunk: Uint8Array) => void | Promise<void>;
  /** Absent: Node's own pipes, one for stdout and one for stderr. */
  readonly pipes?: OutputPipes;
  /** Starts processes in place of this program, where there are `pipes`. */
  readonly spawner?: Spawner;
  /** Is told of the process, so that what it leaves running is found when the job ends. */
  readonly tracker?: ProcessTracker;
  readonly clock?: Clock;
}

/**
 * Runs a process in its own group and session until it ends. What it left running is not waited for, and what that
 * prints later is dropped.
 *
 * When `signal` is aborted the group gets SIGINT, after 7.5 s SIGTERM, after 2.5 s more SIGKILL; output in that time
 * is kept, and what is left of the group when the process has ended is killed. Rejects only with what `onOutput`
 * throws (the group is killed first).
 */
export async function runProcess(options: ProcessOptions): Promise<ProcessEnd> {
  if (options.signal.aborted || options.kill?.aborted === true) return notStartedAfterCancel();
  const started = await start(options);
  if (started instanceof ExecError) return { kind: "not-started", error: started, cancelled: false };
  if (started === undefined) return notStartedAfterCancel();
  return new RunningProcess(options, started).ended;
}

function notStartedAfterCancel(): ProcessEnd {
  const error = new ExecError("Cancelled", "It was cancelled before its process was started.");
  return { kind: "not-started", error, cancelled: true };
}

function lostError(): ExecError {
  return new ExecError("Transient", "The process was killed: what would have told how it ends is gone.");
}

interface Started extends SpawnedProcess {
  readonly stdin: Writable | null;
  readonly pipes: { readonly output: ProcessPipe | undefined; readonly input: ProcessPipe | undefined };
  readonly reader: OutputReader;
}

/** Undefined: cancelled meanwhile. */
async function start(options: ProcessOptions): Promise<Started | ExecError | undefined> {
  /** Ends that are to be closed whatever happens. */
  const fds = new Set<number>();
  let output: ProcessPipe | undefined;
  let input: ProcessPipe | undefined;
  let started: Started | undefined;
  try {
    output = await options.pipes?.takeOutput();
    if (options.stdin !== undefined) input = await options.pipes?.takeInput();
    for (const pipe of [output, input]) if (pipe) fds.add(pipe.ours).add(pipe.theirs);
    if (options.signal.aborted || options.kill?.aborted === true) return undefined;
    const child = (await startElsewhere(options, output, input)) ?? (await startHere(options, output, input));
    const ours = (pipe: ProcessPipe, way: { readable: boolean; writable: boolean }) => {
      fds.delete(pipe.ours);
      return new Socket({ fd: pipe.ours, ...way });
    };
    const streams = [child.stdout, child.stderr].filter((stream) => stream !== null);
    if (output !== undefined) streams.push(ours(output, { readable: true, writable: false }));
    const stdin = input === undefined ? child.stdin : ours(input, { readable: false, writable: true });
    const reader = new OutputReader(streams, options.onOutput);
    const { pid, exited } = child;
    started = { pid, stdin, pipes: { output, input }, reader, exited };
    return started;
  } catch (cause) {
    return startError(options, cause as NodeJS.ErrnoException);
  } finally {
    for (const fd of fds) closeSync(fd);
    if (started === undefined) {
      output?.release(true);
      input?.release(true);
    }
  }
}

/** With the streams that Node made, where there were no pipes. */
type StartedProcess = SpawnedProcess & Pick<ChildProcess, "stdin" | "stdout" | "stderr">;

/** Undefined: it is to be started here. */
async function startElsewhere(
  { spawner, stdin, file, args, cwd, env }: ProcessOptions,
  output: ProcessPipe | undefined,
  input: ProcessPipe | undefined,
): Promise<StartedProcess | undefined> {
  if (spawner?.isReady !== true || output === undefined) return undefined;
  if (stdin !== undefined && input === undefined) return undefined;
  const wish = { file, args, cwd, env, stdin: input?.theirs, output: output.theirs };
  const spawned = await spawner.start(wish);
  return spawned && { ...spawned, stdin: null, stdout: null, stderr: null };
}

async function startHere(
  { spawner, stdin, file, args, cwd, env }: ProcessOptions,
  output: ProcessPipe | undefined,
  input: ProcessPipe | undefined,
): Promise<StartedProcess> {
  const stdio: StdioOptions = [
    stdin === undefined ? "ignore" : (input?.theirs ?? "pipe"),
    output?.theirs ?? "pipe",
    output?.theirs ?? "pipe",
  ];
  const child = spawn(file, args, { cwd, env, stdio, detached: true, windowsHide: true });
  const { pid } = child;
  if (pid === undefined) throw await startFailure(child);
  child.on("error", () => {});
  const exited = new Promise<ProcessExit>((resolve) => {
    child.once("exit", (code, signal) => resolve({ code, signal }));
  });
  spawner?.note();
  return { pid, exited, stdin: child.stdin, stdout: child.stdout, stderr: child.stderr };
}

function startFailure(child: ChildProcess): Promise<NodeJS.ErrnoException> {
  return new Promise((resolve) => child.once("error", resolve));
}

class RunningProcess {
  readonly ended: Promise<ProcessEnd>;
  readonly #options: ProcessOptions;
  readonly #clock: Clock;
  readonly #started: Started;
  #cancelled = false;
  #takeBackEscalation = () => {};

  constructor(options: ProcessOptions, started: Started) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#started = started;
    this.ended = this.#run();
  }

  async #run(): Promise<ProcessEnd> {
    const { signal, kill, tracker } = this.#options;
    const { pid, stdin, pipes, reader, exited } = this.#started;
    tracker?.started(pid);
    const cancel = () => this.#interrupt();
    const killNow = () => this.#kill();
    signal.addEventListener("abort", cancel, { once: true });
    kill?.addEventListener("abort", killNow, { once: true });
    // A process need not read its stdin; that it did not is no error.
    stdin?.on("error", () => {});
    stdin?.end(this.#options.stdin);
    // Cancelled while it was being started elsewhere.
    if (kill?.aborted) killNow();
    else if (signal.aborted) cancel();
    // A receiver that throws ends the process: nobody would hear of it any more.
    reader.closed.catch(killNow);
    try {
      const exit = await exited;
      if (exit === "lost") signalGroup(pid, "SIGKILL");
      const cancelled = this.#cancelled;
      this.#takeBackEscalation();
      signal.removeEventListener("abort", cancel);
      tracker?.ended(pid);
      stdin?.destroy();
      await this.#readRest();
      if (exit === "lost") return { kind: "lost", error: lostError(), cancelled };
      if (exit.signal !== null) return { kind: "signalled", signal: exit.signal, cancelled };
      return { kind: "exited", code: exit.code ?? 0, cancelled };
    } finally {
      if (this.#cancelled) signalGroup(pid, "SIGKILL");
      pipes.output?.release(reader.ended);
      // What the process did not read of it is still in it.
      pipes.input?.release(false);
      kill?.removeEventListener("abort", killNow);
    }
  }

  #interrupt(): void {
    const { interruptMs, terminateMs } = this.#options.grace ?? GRACE;
    const { pid } = this.#started;
    this.#cancelled = true;
    signalGroup(pid, "SIGINT");
    this.#takeBackEscalation = this.#clock.after(interruptMs, () => {
      signalGroup(pid, "SIGTERM");
      this.#takeBackEscalation = this.#clock.after(terminateMs, () => signalGroup(pid, "SIGKILL"));
    });
  }

  #kill(): void {
    this.#cancelled = true;
    this.#takeBackEscalation();
    signalGroup(this.#started.pid, "SIGKILL");
  }

  /**
   * All that the process wrote is in the pipe by now. Others may hold the other end: a child that is about to print
   * its last words (`> >(tee log)`), or a server that runs on. The first is waited for, the second is not.
   */
  async #readRest(): Promise<void> {
    const { reader } = this.#started;
    const { quietMs, totalMs } = this.#options.outputGrace ?? OUTPUT_GRACE;
    reader.processEnded();
    let overdue = false;
    let takeBackQuiet = () => {};
    const giveUp = () => {
      takeBackQuiet();
      reader.abandon();
    };
    const waitForQuiet = () => {
      takeBackQuiet();
      takeBackQuiet = this.#clock.after(quietMs, () => (reader.held ? waitForQuiet() : giveUp()));
    };
    reader.onActivity = () => (overdue && reader.drained ? giveUp() : waitForQuiet());
    const takeBackTotal = this.#clock.after(totalMs, () => {
      overdue = true;
      if (reader.drained) giveUp();
    });
    waitForQuiet();
    try {
      await reader.closed;
    } finally {
      reader.onActivity = undefined;
      takeBackQuiet();
      takeBackTotal();
    }
  }
}
