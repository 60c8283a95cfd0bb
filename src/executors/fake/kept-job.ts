import { ExecError } from "../../errors.ts";
import type { Frame } from "../../protocol/frame.ts";
import type { JobRequest } from "../../protocol/job-request.ts";
import type { JobAttemptName, JobEnd } from "../executor.ts";
import { FrameHistory } from "./frame-history.ts";

/** A job that runs, as whatever runs it sees it. */
export interface PlacedJob {
  readonly ended: Promise<JobEnd>;
  cancel(reason: string): void;
  kill(): void;
}

/** A job of a `FakeInstallation`: it goes on whoever follows it, until it ends, is stopped or loses its place. */
export class KeptJob {
  readonly request: JobRequest;
  readonly frames = new FrameHistory();
  readonly ended: Promise<JobEnd>;
  readonly #stopped = Promise.withResolvers<void>();
  #placed: PlacedJob | undefined;
  #isStopped = false;
  #hasVanished = false;

  /** It is placed once `turn` has come. */
  constructor(
    request: JobRequest,
    place: (sink: (frame: Frame) => void) => PlacedJob,
    turn: Promise<void> | undefined,
  ) {
    this.request = request;
    this.ended = this.#run(place, turn).finally(() => this.frames.end());
  }

  get name(): JobAttemptName {
    const { buildId, jobKey, attempt } = this.request;
    return { buildId, jobKey, attempt };
  }

  cancel(reason: string): void {
    if (this.#placed === undefined) this.#stop();
    else this.#placed.cancel(reason);
  }

  kill(): void {
    this.#stop();
    this.#placed?.kill();
  }

  /** Its place is gone, and nothing that it says any more is heard. */
  async vanish(): Promise<void> {
    this.#hasVanished = true;
    this.frames.end();
    this.kill();
    await this.ended;
  }

  #stop(): void {
    this.#isStopped = true;
    this.#stopped.resolve();
  }

  async #run(
    place: (sink: (frame: Frame) => void) => PlacedJob,
    turn: Promise<void> | undefined,
  ): Promise<JobEnd> {
    const { displayName } = this.request;
    if (turn !== undefined) await Promise.race([turn, this.#stopped.promise]);
    if (this.#isStopped) {
      const message = `Job '${displayName}' was stopped before it had a place.`;
      return { kind: "lost", error: new ExecError("Cancelled", message) };
    }
    this.#placed = place((frame) => this.frames.add(frame));
    const end = await this.#placed.ended;
    if (!this.#hasVanished) return end;
    const message = `The place of job '${displayName}' vanished while it ran.`;
    return { kind: "lost", error: new ExecError("Transient", message) };
  }
}
