/**
 * Where frames of runners that push arrive, and where commands for them wait: the server's side of the push protocol as an
 * executor sees it. Shared by all processes of an installation; a job is named by build, key and attempt.
 */
import type { FrameSink } from "../../protocol/frame-sink.ts";
import type { PushTarget } from "../../protocol/push-protocol.ts";
import type { RunnerCommand } from "../../protocol/runner-command.ts";
import type { JobAttemptName } from "../executor.ts";

export interface RunnerMailbox {
  /** Opens the mailbox of an attempt that is about to start, and gives the runner's way to it. Idempotent. */
  open(job: JobAttemptName): Promise<PushTarget>;

  /**
   * Hands the frames after `afterSeq` to the sink, in order, as they arrive; gives those below again only where they
   * were not let go of. Resolves after `job.finished` was handed on, or when `signal` is aborted. Rejects with what
   * the sink throws, and with `Transient` while the records cannot be reached for long.
   */
  follow(job: JobAttemptName, afterSeq: number, sink: FrameSink, signal: AbortSignal): Promise<void>;

  /** The runner is told as soon as it asks. Idempotent for the same command. */
  send(job: JobAttemptName, command: RunnerCommand): Promise<void>;

  /** When the runner was last heard of (any request of its), Unix milliseconds; undefined: never. */
  lastHeard(job: JobAttemptName): Promise<number | undefined>;

  /** The attempt is over: its frames and commands go, its token is no longer good. Idempotent. */
  close(job: JobAttemptName): Promise<void>;
}
