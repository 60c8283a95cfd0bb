import { ExecError } from "../../errors.ts";
import type { JobEnd, RunningJob } from "../../executors/executor.ts";
import type { JobSlots } from "../job-slots.ts";

/**
 * A job that has its executor but waits for its turn on this machine. Asked to cancel before that, it begins at once:
 * only what runs on a cancel is left of it. Killed before that, it never begins.
 */
export class QueuedJob implements RunningJob {
  readonly ref: string;
  readonly ended: Promise<JobEnd>;
  readonly #begin: () => Promise<RunningJob>;
  readonly #end = Promise.withResolvers<JobEnd>();
  readonly #leave: () => void;
  #begun = false;
  #running: RunningJob | undefined;
  #cancelReason: string | undefined;
  #killed = false;

  /** `begin` is called at most once. */
  constructor(ref: string, slots: JobSlots, begin: () => Promise<RunningJob>) {
    this.ref = ref;
    this.#begin = begin;
    this.ended = this.#end.promise.finally(() => this.#leave());
    this.#leave = slots.take(() => void this.#start());
  }

  cancel(reason: string): void {
    this.#cancelReason ??= reason;
    if (this.#running !== undefined) this.#running.cancel(reason);
    else void this.#start();
  }

  kill(): void {
    this.#killed = true;
    if (this.#running !== undefined) this.#running.kill();
    else if (!this.#begun) {
      this.#begun = true;
      const error = new ExecError("Cancelled", "It was ended before it had begun.");
      this.#end.resolve({ kind: "lost", error });
    }
  }

  async release(): Promise<void> {
    await this.#running?.release?.();
  }

  async #start(): Promise<void> {
    if (this.#begun) return;
    this.#begun = true;
    try {
      const running = await this.#begin();
      this.#running = running;
      if (this.#killed) running.kill();
      else if (this.#cancelReason !== undefined) running.cancel(this.#cancelReason);
      this.#end.resolve(await running.ended);
    } catch (cause) {
      const message = cause instanceof Error ? cause.message : String(cause);
      const error =
        cause instanceof ExecError
          ? cause
          : new ExecError("Permanent", `It could not be started: ${message}`, { cause });
      this.#end.resolve({ kind: "lost", error });
    }
  }
}
