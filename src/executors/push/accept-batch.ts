import type { JobAttemptName } from "../executor.ts";
import { type FrameBatch, framesAfter } from "./frame-batch.ts";
import type { BatchAcceptance, FrameInbox } from "./frame-inbox.ts";

/** Keeps what of the batch is new. `refused`: frames before it are missing. */
export async function acceptBatch(
  inbox: Pick<FrameInbox, "accept">,
  job: JobAttemptName,
  batch: FrameBatch,
): Promise<BatchAcceptance> {
  for (let rest = batch; ; ) {
    const answer = await inbox.accept(job, rest);
    if (answer.kind !== "refused") return answer;
    const { acceptedSeq } = answer;
    if (acceptedSeq >= rest.lastSeq) return { kind: "accepted", acceptedSeq };
    // Another server may have taken more meanwhile: what is accepted only grows, so that this ends.
    if (acceptedSeq < rest.firstSeq) return answer;
    rest = framesAfter(rest, acceptedSeq);
  }
}
