import type { FrameBatch } from "../../executors/push/frame-batch.ts";
import type { Frame } from "../../protocol/frame.ts";
import type { RunnerName } from "../../store/runner-store.ts";

/** A batch that is in the records, and its frames at hand. */
export interface RecentBatch {
  readonly firstSeq: number;
  readonly lastSeq: number;
  readonly final: boolean;
  /** As `StoredBatch.endByte`. */
  readonly endByte: number;
  readonly frames: readonly Frame[];
  readonly sizeBytes: number;
}

/**
 * Frames that this process has just put into the records, for a worker of this process that follows them: it need not
 * read and parse them again. Only a short cut: what does not fit is left out, and found in the records.
 */
export class RecentBatches {
  readonly #maxBytes: number;
  readonly #followed = new Map<string, RecentBatch[]>();
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** From now on batches of it are kept here, until the returned function is called. */
  follow(runner: RunnerName): () => void {
    const key = keyOf(runner);
    if (this.#followed.has(key)) return () => {};
    this.#followed.set(key, []);
    return () => {
      this.#forget(this.#followed.get(key) ?? []);
      this.#followed.delete(key);
    };
  }

  put(runner: RunnerName, { firstSeq, lastSeq, final, frames, content }: FrameBatch, endByte: number): void {
    const batches = this.#followed.get(keyOf(runner));
    const sizeBytes = content.byteLength;
    if (batches === undefined || this.#bytes + sizeBytes > this.#maxBytes) return;
    this.#bytes += sizeBytes;
    batches.push({ firstSeq, lastSeq, final, endByte, frames, sizeBytes });
  }

  /** The batch with the frame after this number. Those before it are forgotten. */
  next(runner: RunnerName, afterSeq: number): RecentBatch | undefined {
    const batches = this.#followed.get(keyOf(runner));
    if (batches === undefined) return undefined;
    const old = batches.findIndex(({ lastSeq }) => lastSeq > afterSeq);
    this.#forget(batches.splice(0, old === -1 ? batches.length : old));
    const [first] = batches;
    return first !== undefined && first.firstSeq <= afterSeq + 1 ? first : undefined;
  }

  #forget(batches: readonly RecentBatch[]): void {
    for (const { sizeBytes } of batches) this.#bytes -= sizeBytes;
  }
}

function keyOf({ buildId, jobKey, attempt }: RunnerName): string {
  return JSON.stringify([buildId, jobKey, attempt]);
}
