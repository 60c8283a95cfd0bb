/**
 * The runner's end of the push protocol. Frames go into a spool and leave in batches, on size or on a tick; commands come
 * by a request that waits, on a connection of its own.
 *
 * **While the server is away** (no answer, 5xx, whatever else is no word of it) the job goes on, and the spool grows, in memory
 * first and then on disk, up to a limit; past it the job's output waits. While the server is there and takes less
 * than the job says, the job's output waits much sooner. Everything arrives in order and once, also where an answer was lost.
 *
 * **What is not promised**: the spool does not survive the runner's own process, and nothing is synced to disk. The runner
 * is the container's first process: when it dies the container and its folders go with it.
 */
import type { Clock } from "../../clock.ts";
import type { FrameSink } from "../../protocol/frame-sink.ts";
import { PUSH_LIMITS, type PushTarget } from "../../protocol/push-protocol.ts";
import type { RunnerCommand } from "../../protocol/runner-command.ts";
import { pollCommands } from "./command-poll.ts";
import { FrameSender } from "./frame-sender.ts";
import { FrameSpool } from "./frame-spool.ts";
import type { Fetch } from "./server-call.ts";

export interface PushSinkOptions {
  readonly target: PushTarget;
  /** Made when it is needed, and emptied in the end. */
  readonly spoolDirectory: string;
  readonly clock: Clock;
  readonly fetch: Fetch;
  /** At least 0 and less than 1. */
  readonly random: () => number;
  /** Also `kill`, once, when the server says that the job is over. Must not throw. */
  readonly onCommand: (command: RunnerCommand) => void;
  /** A line for who looks at the runner itself: its frames are what cannot be sent. */
  readonly say: (text: string) => void;
  readonly limits?: Partial<PushSinkLimits>;
}

export interface PushSinkLimits {
  /** Of one POST, before compression. */
  readonly maxBatchBytes: number;
  readonly tickMs: number;
  /** Of all that waits, while the server is away. */
  readonly maxSpoolBytes: number;
  /** Of what waits, while the server is there. */
  readonly maxBehindBytes: number;
  /** Of what waits in memory. */
  readonly maxMemoryBytes: number;
  readonly waitSeconds: number;
  /** For an answer. */
  readonly answerLimitMs: number;
  /** For delivery after the last frame. */
  readonly finishLimitMs: number;
}

export interface PushSink {
  readonly sink: FrameSink;
  /** After the last frame: resolves once the server has all of them, or with why it has not. Nothing is left of the spool. */
  finish(): Promise<Delivery>;
}

export type Delivery = { readonly delivered: true } | { readonly delivered: false; readonly reason: string };

const MIB = 1024 * 1024;
const LIMITS: PushSinkLimits = {
  maxBatchBytes: PUSH_LIMITS.maxBatchBytes,
  tickMs: PUSH_LIMITS.tickMs,
  maxSpoolBytes: 2048 * MIB,
  maxBehindBytes: 64 * MIB,
  maxMemoryBytes: 8 * MIB,
  waitSeconds: PUSH_LIMITS.waitSeconds,
  answerLimitMs: 30_000,
  finishLimitMs: 600_000,
};

/** Begins to ask for commands at once. */
export function createPushSink(options: PushSinkOptions): PushSink {
  return new Pusher(options);
}

class Pusher implements PushSink {
  readonly #options: PushSinkOptions;
  readonly #limits: PushSinkLimits;
  readonly #spool: FrameSpool;
  readonly #sender: FrameSender;
  readonly #stopped = new AbortController();
  readonly #pollStopped = new AbortController();
  readonly #sent: Promise<void>;
  readonly #polled: Promise<void>;
  #over: string | undefined;
  #finishing = false;
  #room: { readonly promise: Promise<void>; readonly resolve: () => void } | undefined;

  constructor(options: PushSinkOptions) {
    const { spoolDirectory, say, clock } = options;
    const limits = { ...LIMITS, ...options.limits };
    this.#options = options;
    this.#limits = limits;
    this.#spool = new FrameSpool({
      directory: spoolDirectory,
      maxBlockBytes: limits.maxBatchBytes,
      maxMemoryBytes: limits.maxMemoryBytes,
      onDiskError: (error) => {
        const why = error instanceof Error ? error.message : String(error);
        say(`what the job says cannot be kept on disk (${why}): its output waits when memory is used up`);
      },
    });
    this.#sender = new FrameSender({
      ...options,
      ...limits,
      spool: this.#spool,
      onProgress: () => this.#check(),
    });
    this.#sent = this.#run(this.#sender.run(this.#stopped.signal));
    const signal = AbortSignal.any([this.#stopped.signal, this.#pollStopped.signal]);
    this.#polled = this.#run(pollCommands({ ...options, ...limits, clock, onCommand: this.#tell }, signal));
  }

  readonly sink: FrameSink = (frame) => {
    if (this.#over !== undefined) return;
    const disk = this.#spool.push(frame);
    this.#sender.notice();
    if (!this.#isBehind()) return disk;
    if (this.#room === undefined) {
      this.#room = Promise.withResolvers<void>();
      if (this.#isAtLimit())
        this.#options.say(
          `${this.#spool.bytes} bytes wait for the server: the job's output is held up until it takes them`,
        );
    }
    return disk === undefined ? this.#room.promise : Promise.all([disk, this.#room.promise]).then(() => {});
  };

  async finish(): Promise<Delivery> {
    this.#finishing = true;
    this.#pollStopped.abort();
    this.#sender.finish();
    const cancel = this.#options.clock.after(this.#limits.finishLimitMs, () => {
      this.#end(`the server did not take it within ${this.#limits.finishLimitMs / 1000} s after the job`);
    });
    await this.#sent;
    cancel();
    const reason = this.#over;
    this.#stopped.abort();
    await this.#polled;
    await this.#spool.remove();
    return reason === undefined ? { delivered: true } : { delivered: false, reason };
  }

  /** One of the two loops, until it ends: with a reason for both. */
  async #run(loop: Promise<string | undefined>): Promise<void> {
    try {
      const over = await loop;
      if (over !== undefined) this.#end(over);
    } catch (error) {
      this.#end(error instanceof Error ? error.message : String(error));
    }
  }

  readonly #tell = (command: RunnerCommand): void => {
    if (this.#over === undefined && !this.#finishing) this.#options.onCommand(command);
  };

  #end(reason: string): void {
    if (this.#over !== undefined) return;
    const { say } = this.#options;
    say(`${reason}: what the job still says is lost`);
    this.#tell({ type: "kill" });
    this.#over = reason;
    this.#stopped.abort();
    this.#check();
  }

  #check(): void {
    if (this.#room === undefined || this.#isBehind()) return;
    const { resolve } = this.#room;
    this.#room = undefined;
    resolve();
  }

  #isBehind(): boolean {
    if (this.#over !== undefined) return false;
    return this.#isAtLimit() || (!this.#sender.isAway && this.#spool.bytes > this.#limits.maxBehindBytes);
  }

  #isAtLimit(): boolean {
    return this.#spool.bytes > this.#limits.maxSpoolBytes || this.#spool.isFull;
  }
}
