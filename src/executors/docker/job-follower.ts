import type { Clock } from "../../clock.ts";
import { ExecError } from "../../errors.ts";
import type { JobFinishedFrame } from "../../protocol/frame.ts";
import { type Decoded, FrameDecoder } from "../../protocol/frame-decoder.ts";
import type { RunnerCommand } from "../../protocol/runner-command.ts";
import { encodeRunnerCommand } from "../../protocol/runner-command.ts";
import type { RunnerMessage } from "../../protocol/runner-message.ts";
import type { FrameRelay } from "../local/frame-relay.ts";
import { isCode, isNoAnswer } from "./daemon-errors.ts";
import type { Attached, ContainerFacts, DockerEngine, OutputChunk } from "./docker-engine.ts";
import { sleep } from "./sleep.ts";

export interface FollowerSetting {
  readonly engine: DockerEngine;
  readonly clock: Clock;
  readonly relay: FrameRelay;
  readonly container: string;
  readonly onMessage: (message: RunnerMessage) => void;
  /** A listener came back: what it missed may be asked again. */
  readonly onAttached: () => void;
  readonly note: (text: string) => void;
  /** The daemon may be away for so long while the job goes on. */
  readonly patienceMs: number;
  /** Aborted: nobody wants to know any more. */
  readonly signal: AbortSignal;
}

export type FollowEnd =
  /** `cut`: the connection that its start was seen by broke before. */
  | { readonly kind: "reported"; readonly final: JobFinishedFrame; readonly cut: boolean }
  /** Without a result. `facts` absent: somebody removed the container. */
  | {
      readonly kind: "silent";
      readonly facts: ContainerFacts | undefined;
      readonly words: string;
      readonly cut: boolean;
    };

const STDERR_TAIL = 4_096;
/** How often a stream that says nothing is compared with the state of its container. */
const WATCH_MS = 20_000;
/** A runner that reported the end of its job has so long to be gone. */
const LEAVE_GRACE_MS = 10_000;
/** What a container printed may arrive so long after it ended. */
const DRAIN_MS = 5_000;

/**
 * Follows the runner of one container to its end. At first by the connection that its start was seen by; should that break,
 * or where another process began the job, by the container's log from its beginning: frames that were handed on before
 * are passed over. What it asks is then heard from a new connection, since the log tells what was answered long ago.
 */
export class JobFollower {
  readonly #setting: FollowerSetting;
  #attached: Attached | undefined;
  #stderr = "";
  #cut = false;

  constructor(setting: FollowerSetting) {
    this.#setting = setting;
  }

  /** Tells the runner; lost where nobody listens: after each `attached` it asks again. */
  tell(command: RunnerCommand): boolean {
    return this.#attached?.write(encodeRunnerCommand(command)) ?? false;
  }

  /** `attached`: its output from the beginning; absent: the container is an older one's. Throws what the sink throws. */
  async follow(attached: Attached | undefined): Promise<FollowEnd> {
    const { relay, container, engine, signal } = this.#setting;
    if (attached !== undefined) {
      this.#attached = attached;
      await this.#read(attached.output, true, () => attached.close());
      if (relay.final !== undefined) return { kind: "reported", final: relay.final, cut: this.#cut };
    }
    for (;;) {
      const facts = await this.#patiently(() => engine.inspectContainer(container, signal));
      const runs = facts?.status === "running";
      if (runs && attached !== undefined) this.#cut = true;
      if (facts !== undefined) await this.#readLog(runs);
      if (relay.final !== undefined) return { kind: "reported", final: relay.final, cut: this.#cut };
      if (runs) continue;
      return { kind: "silent", facts, words: this.#stderr.trim(), cut: this.#cut };
    }
  }

  close(): void {
    this.#attached?.close();
  }

  async #readLog(runs: boolean): Promise<void> {
    const { engine, container, signal, onAttached, note } = this.#setting;
    const ended = new AbortController();
    const either = AbortSignal.any([signal, ended.signal]);
    try {
      if (runs) {
        this.#attached?.close();
        const live = await this.#patiently(() => engine.attach(container, { output: true }, either));
        this.#attached = live;
        void this.#listen(live);
        onAttached();
        this.tell({ type: "attached" });
      }
      const log = await this.#patiently(() => engine.logs(container, { follow: runs }, either));
      await this.#read(log, false, () => ended.abort());
    } catch (error) {
      signal.throwIfAborted();
      // Ended between two questions: the state that is asked for next says so.
      if (!isCode(error, "NotFound") && !isCode(error, "Conflict") && !isNoAnswer(error)) throw error;
      note(`Following the job was interrupted: ${error instanceof Error ? error.message : String(error)}`);
      await sleep(this.#setting.clock, 200, signal);
    } finally {
      ended.abort();
    }
  }

  /** Messages of a connection whose frames are read elsewhere. */
  async #listen({ output }: Attached): Promise<void> {
    const decoder = new FrameDecoder();
    try {
      for await (const { stream, data } of output) {
        if (stream === "stdout") for (const item of decoder.push(data)) this.#hear(item);
      }
    } catch {
      // The log that is read beside it breaks too, and then both are begun anew.
    }
  }

  async #read(output: AsyncIterable<OutputChunk>, live: boolean, cut: () => void): Promise<void> {
    const { relay, note } = this.#setting;
    const decoder = new FrameDecoder();
    const stopWatching = this.#watch(cut);
    this.#stderr = "";
    let taken = false;
    let leaving: (() => void) | undefined;
    try {
      for await (const { stream, data } of output) {
        if (stream === "stderr") {
          this.#stderr = (this.#stderr + data.toString("utf8")).slice(-STDERR_TAIL);
          continue;
        }
        for (const item of decoder.push(data)) {
          if (live) this.#hear(item);
          taken = true;
          await relay.take(item);
          taken = false;
        }
        if (relay.final !== undefined) leaving ??= this.#setting.clock.after(LEAVE_GRACE_MS, cut);
      }
    } catch (error) {
      // Of the connection, unless the sink threw it.
      if (taken) throw error;
      if (this.#setting.signal.aborted) throw error;
    } finally {
      stopWatching();
      leaving?.();
      relay.end();
      if (relay.final !== undefined && this.#stderr.trim() !== "") note(this.#stderr.trim());
    }
  }

  #hear(item: Decoded): void {
    if (item.kind === "message") this.#setting.onMessage(item.message);
  }

  /** Connections through other machines may break without a word: a container that has ended ends its stream. */
  #watch(cut: () => void): () => void {
    const { engine, clock, container, signal } = this.#setting;
    let stopped = false;
    let stop = () => {};
    const look = async () => {
      const ended = await engine.inspectContainer(container, signal).then(
        (facts) => facts?.status !== "running",
        (error) => isNoAnswer(error),
      );
      if (stopped || signal.aborted) return;
      stop = ended ? clock.after(DRAIN_MS, cut) : clock.after(WATCH_MS, () => void look());
    };
    stop = clock.after(WATCH_MS, () => void look());
    return () => {
      stopped = true;
      stop();
    };
  }

  /** Asks until somebody answers: a daemon that is started again finds its containers. */
  async #patiently<T>(ask: () => Promise<T>): Promise<T> {
    const { clock, patienceMs, signal, note } = this.#setting;
    const started = clock.monotonic();
    for (let waitMs = 100; ; waitMs = Math.min(5_000, waitMs * 2)) {
      try {
        return await ask();
      } catch (error) {
        signal.throwIfAborted();
        if (!isRetried(error)) throw error;
        if (clock.monotonic() - started + waitMs > patienceMs) {
          const message = `${error.message} The job was not heard of for ${Math.round(patienceMs / 1000)} s.`;
          throw new ExecError("Transient", message, { cause: error });
        }
        if (waitMs === 400) note(`${error.message} The job goes on; trying again.`);
        await sleep(clock, waitMs, signal);
      }
    }
  }
}

function isRetried(error: unknown): error is ExecError {
  return error instanceof ExecError && error.code === "Transient";
}
