import { type ChildProcess, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import type { Readable, Writable } from "node:stream";
import type { Clock } from "../../clock.ts";
import { ExecError } from "../../errors.ts";
import { FrameDecoder } from "../../protocol/frame-decoder.ts";
import type { FrameSink } from "../../protocol/frame-sink.ts";
import type { JobRequest } from "../../protocol/job-request.ts";
import { encodeRunnerCommand, type RunnerCommand } from "../../protocol/runner-command.ts";
import { killLeftovers } from "../../runner/process/process-tracker.ts";
import { emptyTemp } from "../../runner/setup/job-directories.ts";
import type { JobEnd, NoteSink, RunningJob } from "../executor.ts";
import { FrameRelay } from "./frame-relay.ts";

/** How a runner is started. */
export interface RunnerProgram {
  /** The node to run it with. */
  readonly file: string;
  /** `runner.mjs` and what else goes before it. */
  readonly args: readonly string[];
  /** Of the runner itself; steps get the request's. */
  readonly env: { readonly [name: string]: string };
}

export interface RunnerProcessSetting {
  readonly program: RunnerProgram;
  readonly clock: Clock;
}

/** A runner that was told to end everything has so long to do it. */
const KILL_GRACE_MS = 5_000;
/** A runner that reported the end of its job has so long to be gone. */
const LEAVE_GRACE_MS = 10_000;
const STDERR_TAIL = 4_096;

type RunnerChild = ChildProcess & {
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
};

/**
 * Starts a runner process: the request and then commands on its standard input, frames on its standard output.
 * Whatever becomes of it, nothing that it started is left once `ended` has settled.
 */
export async function startRunnerProcess(
  request: JobRequest,
  sink: FrameSink,
  note: NoteSink,
  { program, clock }: RunnerProcessSetting,
): Promise<RunningJob> {
  const trackingId = `github_${randomUUID()}`;
  const child = spawn(program.file, program.args, {
    env: { ...program.env, SLIPWAY_TRACKING_ID: trackingId },
    stdio: ["pipe", "pipe", "pipe"],
    // Ctrl-C at the terminal is for this process to handle.
    detached: true,
  });
  child.stdin.on("error", () => {});
  try {
    await once(child, "spawn");
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ExecError("Permanent", `The runner could not be started: ${reason}`, { cause: error });
  }
  return new RunnerProcess(child, request, { sink, note }, trackingId, clock);
}

class RunnerProcess implements RunningJob {
  readonly ref: string;
  readonly ended: Promise<JobEnd>;
  readonly #child: RunnerChild;
  readonly #request: JobRequest;
  readonly #trackingId: string;
  readonly #clock: Clock;
  readonly #exit: Promise<string>;
  #stderr = "";
  #killed = false;

  constructor(
    child: RunnerChild,
    request: JobRequest,
    { sink, note }: { readonly sink: FrameSink; readonly note: NoteSink },
    trackingId: string,
    clock: Clock,
  ) {
    this.#child = child;
    this.#request = request;
    this.#trackingId = trackingId;
    this.#clock = clock;
    this.ref = `local:${child.pid}:${trackingId}`;
    this.#exit = new Promise((resolve) => {
      child.once("exit", (code, signal) =>
        resolve(signal === null ? `exit code ${code}` : `signal ${signal}`),
      );
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-STDERR_TAIL);
    });
    child.stdin.write(`${JSON.stringify(request)}\n`);
    this.ended = this.#follow(sink, note);
  }

  cancel(reason: string): void {
    this.#tell({ type: "cancel", reason });
  }

  kill(): void {
    if (this.#killed) return;
    this.#killed = true;
    this.#tell({ type: "kill" });
    const stop = this.#clock.after(KILL_GRACE_MS, () => this.#child.kill("SIGKILL"));
    void this.#exit.then(stop);
  }

  #tell(command: RunnerCommand): void {
    if (this.#child.stdin.writable) this.#child.stdin.write(encodeRunnerCommand(command));
  }

  async #follow(sink: FrameSink, note: NoteSink): Promise<JobEnd> {
    const relay = new FrameRelay(sink, note);
    const decoder = new FrameDecoder();
    const timers: (() => void)[] = [];
    // Whoever still holds the pipe once the runner is gone says nothing that counts.
    void this.#exit.then(() => {
      timers.push(this.#clock.after(KILL_GRACE_MS, () => this.#child.stdout.destroy()));
    });
    let broken: { readonly error: unknown } | undefined;
    try {
      for await (const chunk of this.#child.stdout) {
        if (broken !== undefined || relay.final !== undefined) continue;
        try {
          for (const item of decoder.push(chunk)) await relay.take(item);
        } catch (error) {
          broken = { error };
          this.#child.kill("SIGKILL");
        }
        if (relay.final !== undefined) {
          timers.push(this.#clock.after(LEAVE_GRACE_MS, () => this.#child.kill("SIGKILL")));
        }
      }
    } catch {
      // The pipe was closed from this side: what counts came before.
    }
    relay.end();
    const end = await this.#exit;
    for (const stop of timers) stop();
    this.#child.stdin.destroy();
    if (broken !== undefined) return await this.#lost(this.#broken(broken.error));
    if (relay.final !== undefined) return { kind: "reported", final: relay.final };
    return await this.#lost(this.#vanished(end));
  }

  async #lost(error: ExecError): Promise<JobEnd> {
    await killLeftovers(this.#trackingId, this.#clock);
    // The runner itself could not: what passed between it and its steps may hold secrets.
    await emptyTemp(this.#request.directories);
    return { kind: "lost", error };
  }

  #broken(error: unknown): ExecError {
    if (error instanceof ExecError) return error;
    const reason = error instanceof Error ? error.message : String(error);
    return new ExecError(
      "Permanent",
      `What the runner of job '${this.#request.displayName}' said could not be taken: ${reason}`,
      {
        cause: error,
      },
    );
  }

  #vanished(end: string): ExecError {
    const name = this.#request.displayName;
    if (this.#killed) return new ExecError("Cancelled", `The runner of job '${name}' was killed (${end}).`);
    const said = this.#stderr.trim();
    const words = said === "" ? "It said nothing." : `Its last words: ${said}`;
    return new ExecError("Transient", `The runner of job '${name}' ended without a result: ${end}. ${words}`);
  }
}
