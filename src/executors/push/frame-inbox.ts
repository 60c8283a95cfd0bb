import type { CommandsAnswer } from "../../protocol/push-protocol.ts";
import type { JobAttemptName } from "../executor.ts";
import type { FrameBatch } from "./frame-batch.ts";

/** What answers of the push protocol are made from: where frames are kept and commands wait. */
export interface FrameInbox {
  /** The live job whose token this is. Rejects with `Unauthorized`; with `Transient` where that cannot be known now. */
  admit(token: string): Promise<JobAttemptName>;
  /** Keeps a batch, for good before it resolves, where its first frame is the next one; of two at once only one. */
  accept(job: JobAttemptName, batch: FrameBatch): Promise<BatchAcceptance>;
  /** Commands with a higher number; notes that the runner was heard of. Undefined: its mailbox is closed. */
  commands(job: JobAttemptName, after: number): Promise<CommandsAnswer | undefined>;
  /** Calls back whenever `commands` may have another answer. The returned function ends that. */
  onCommand(job: JobAttemptName, wake: () => void): () => void;
}

/** `refused`: its first frame is not the next one. `full`: later, when more of it was read. */
export type BatchAcceptance =
  | { readonly kind: "accepted" | "refused" | "full"; readonly acceptedSeq: number }
  | { readonly kind: "closed" };
