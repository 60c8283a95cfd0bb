/**
 * Mailboxes of runners that push: frames on their way from any server to the one worker that has the build, and commands on
 * their way back. A batch that was accepted is kept until `build_jobs.frame_seq` says that what came of its frames is
 * in the records; the last one, with the job's end, until the mailbox is closed. A mailbox goes with its build.
 */
export interface RunnerStore {
  /** Idempotent. Rejects with `NotFound` where there is no such build. */
  open(runner: RunnerName, at: number): Promise<void>;
  /**
   * Keeps a batch whose first frame is the next one; of two at once only one. A full mailbox takes none until more of it
   * is read.
   */
  accept(runner: RunnerName, batch: NewBatch, at: number, maxUnreadBytes: number): Promise<Acceptance>;
  /** Batches with frames after this number, in order, and the last one of the job in any case; at most `limit`. */
  read(runner: RunnerName, afterSeq: number, limit: number): Promise<readonly StoredBatch[]>;
  /** Notes how far a worker has read (never less than before), and lets go of what is dealt with in the records. */
  noteRead(runner: RunnerName, endByte: number): Promise<void>;
  /** A command with the same `once` as an earlier one is left out. Rejects with `NotFound` where no mailbox is open. */
  send(runner: RunnerName, command: { readonly once: string; readonly json: string }): Promise<void>;
  /** Commands with a higher number, in order; the runner was heard of. Undefined: no mailbox is open. */
  commands(runner: RunnerName, after: number, at: number): Promise<WaitingCommands | undefined>;
  /** Of each of these mailboxes of the build that is open. */
  states(runners: readonly RunnerName[]): Promise<readonly MailboxState[]>;
  /** Idempotent. */
  close(runner: RunnerName): Promise<void>;
  /** Closes those whose job ended before then, or is not in the records. Gives how many. */
  sweep(endedBefore: number): Promise<number>;
}

export interface RunnerName {
  readonly buildId: string;
  readonly jobKey: string;
  readonly attempt: number;
}

export interface NewBatch {
  readonly firstSeq: number;
  readonly lastSeq: number;
  /** It ends with `job.finished`. */
  readonly final: boolean;
  /** How `content` is kept. */
  readonly gzip: boolean;
  readonly content: Uint8Array;
}

export interface StoredBatch extends NewBatch {
  /** Of all batches until this one. */
  readonly endByte: number;
}

/** `refused`: its first frame was not the next one. */
export type Acceptance =
  | { readonly kind: "accepted"; readonly acceptedSeq: number; readonly endByte: number }
  | { readonly kind: "refused" | "full"; readonly acceptedSeq: number }
  | { readonly kind: "closed" };

export interface WaitingCommands {
  readonly acceptedSeq: number;
  readonly commands: readonly { readonly number: number; readonly json: string }[];
}

export interface MailboxState extends RunnerName {
  readonly acceptedSeq: number;
  readonly heardAt?: number;
}
