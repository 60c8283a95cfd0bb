import { promisify } from "node:util";
import { gzip } from "node:zlib";
import type { Clock } from "../../clock.ts";
import { FRAMES_PATH } from "../../protocol/push-protocol.ts";
import { Backoff } from "./backoff.ts";
import { readFrames } from "./frame-batch.ts";
import type { FrameBlock, FrameSpool } from "./frame-spool.ts";
import { PackChoice } from "./pack-choice.ts";
import { callServer, type ServerAnswer, type ServerCallOptions } from "./server-call.ts";
import { substituteFrame } from "./substitute-frame.ts";

export interface FrameSenderOptions extends Omit<ServerCallOptions, "clock"> {
  readonly spool: FrameSpool;
  readonly clock: Clock;
  readonly random: () => number;
  readonly maxBatchBytes: number;
  readonly tickMs: number;
  readonly answerLimitMs: number;
  /** A batch was taken, or it changed whether the server is there. */
  readonly onProgress: () => void;
  /** A line for who looks at the runner itself. */
  readonly say: (text: string) => void;
}

const pack = promisify(gzip);
/** Frames that come close together go together. */
const GATHER_MS = 5;
/** A server that has not answered for so long may be gone: the job does not wait for it. */
const SILENT_MS = 3_000;

/**
 * Posts what is in the spool, one batch at a time, until the server has all of it or says that the job is over. A batch is
 * sent as often as it takes.
 */
export class FrameSender {
  readonly #options: FrameSenderOptions;
  readonly #backoff: Backoff;
  readonly #packing = new PackChoice();
  #maxBatchBytes: number;
  #sentAt = Number.NEGATIVE_INFINITY;
  #due = false;
  #finishing = false;
  /** It asked for time. */
  #isSlow = false;
  /** An answer is overdue. */
  #isSilent = false;
  #cancelTick: (() => void) | undefined;
  #wake: (() => void) | undefined;

  constructor(options: FrameSenderOptions) {
    this.#options = options;
    this.#maxBatchBytes = options.maxBatchBytes;
    this.#backoff = new Backoff(options);
  }

  /** The last request got no answer, or one that says no more than that something is broken. */
  get isAway(): boolean {
    return this.#isSilent || (this.#backoff.failures > 0 && !this.#isSlow);
  }

  /** A frame was pushed. */
  notice(): void {
    if (this.#options.spool.hasBlock) this.#wake?.();
    else if (!this.#due && this.#cancelTick === undefined) {
      const { clock, tickMs } = this.#options;
      const delayMs = this.#sentAt + tickMs - clock.monotonic();
      this.#cancelTick = clock.after(Math.max(GATHER_MS, Math.min(tickMs, delayMs)), () => {
        this.#cancelTick = undefined;
        this.#due = true;
        this.#wake?.();
      });
    }
  }

  /** No more frames come: what is there leaves at once. */
  finish(): void {
    this.#finishing = true;
    this.#wake?.();
  }

  /** Resolves with the reason when the job is over for the server, without one when all was sent or at the signal. */
  async run(signal: AbortSignal): Promise<string | undefined> {
    signal.addEventListener("abort", () => this.#wake?.());
    try {
      while (!signal.aborted) {
        if (!this.#isReady) {
          if (this.#finishing) return undefined;
          await new Promise<void>((resolve) => {
            this.#wake = resolve;
          });
          continue;
        }
        const over = await this.#sendHead(signal);
        if (over !== undefined) return over;
      }
      return undefined;
    } finally {
      this.#cancelTick?.();
    }
  }

  get #isReady(): boolean {
    const { hasBlock, bytes } = this.#options.spool;
    return hasBlock || (bytes > 0 && (this.#due || this.#finishing));
  }

  async #sendHead(signal: AbortSignal): Promise<string | undefined> {
    const { spool, clock } = this.#options;
    if (!spool.hasBlock) {
      this.#due = false;
      this.#cancelTick?.();
      this.#cancelTick = undefined;
    }
    const block = await spool.head();
    if (block === undefined) return undefined;
    if (block.bytes.length > this.#maxBatchBytes && (await spool.splitHead())) return undefined;
    this.#sentAt = clock.monotonic();
    let answer: ServerAnswer | undefined;
    try {
      answer = await this.#post(block, signal);
    } catch (error) {
      if (!signal.aborted) await this.#fail(reasonOf(error), 0, signal);
      return undefined;
    }
    return await this.#take(block, answer, signal);
  }

  async #post({ bytes }: FrameBlock, signal: AbortSignal): Promise<ServerAnswer> {
    const { clock, answerLimitMs, onProgress } = this.#options;
    const packed = this.#packing.choose(bytes.length);
    const startedAt = clock.monotonic();
    const body = packed ? await pack(bytes, { level: 1 }) : bytes;
    const headers = {
      "content-type": "application/json-seq",
      ...(packed ? { "content-encoding": "gzip" } : {}),
    };
    const init = { method: "POST", headers, body } as const;
    const cancel = clock.after(SILENT_MS, () => {
      this.#isSilent = true;
      onProgress();
    });
    const answer = await callServer(FRAMES_PATH, init, answerLimitMs, signal, this.#options).finally(() => {
      cancel();
      this.#isSilent = false;
    });
    if (answer.status === 200) this.#packing.note(packed, bytes.length, clock.monotonic() - startedAt);
    return answer;
  }

  async #take(
    block: FrameBlock,
    { status, body, retryAfterMs }: ServerAnswer,
    signal: AbortSignal,
  ): Promise<string | undefined> {
    const { spool } = this.#options;
    const accepted = Number.isSafeInteger(body.accepted) ? Number(body.accepted) : undefined;
    const isKnown = accepted !== undefined && accepted <= spool.lastSeq;
    if (isKnown && (status === 200 || status === 409)) {
      if (accepted >= block.firstSeq) {
        await spool.drop(accepted);
        // What came while the answer was awaited has nobody else to see to it.
        if (spool.bytes > 0) this.notice();
        this.#succeed();
        return undefined;
      }
      if (accepted < block.firstSeq - 1) {
        return `the server has lost what it had of this job: it has frame ${accepted}, and ${block.firstSeq} is the next one here`;
      }
    }
    if (status === 401) return "the job has ended for the server";
    if (status === 413 || status === 400) {
      await this.#shrink(block);
      return undefined;
    }
    await this.#fail(`it answers ${status}`, retryAfterMs, signal, status === 429);
    return undefined;
  }

  /** Refused as it is: in two halves, and a single frame by what stands for it. */
  async #shrink({ firstSeq, bytes }: FrameBlock): Promise<void> {
    const { spool, say } = this.#options;
    if (await spool.splitHead()) {
      this.#maxBatchBytes = Math.max(1, Math.min(this.#maxBatchBytes, Math.ceil(bytes.length / 2)));
      return;
    }
    const [frame] = readFrames(bytes);
    const substitute = frame && substituteFrame(frame);
    say(`frame ${firstSeq} (${bytes.length} bytes) is refused by the server`);
    if (substitute !== undefined) await spool.replaceSingle(substitute);
  }

  #succeed(): void {
    if (this.#backoff.failures >= SAID_AFTER && !this.#isSlow) this.#options.say("the server is there again");
    this.#isSlow = false;
    this.#backoff.reset();
    this.#options.onProgress();
  }

  async #fail(why: string, atLeastMs: number, signal: AbortSignal, isSlow = false): Promise<void> {
    this.#isSlow = isSlow;
    if (this.#backoff.failures + 1 === SAID_AFTER && !isSlow)
      this.#options.say(`the server cannot be reached (${why}); the job goes on, what it says waits here`);
    const waited = this.#backoff.wait(signal, atLeastMs);
    this.#options.onProgress();
    await waited;
  }
}

const SAID_AFTER = 3;

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause instanceof Error ? `: ${error.cause.message}` : "";
  return `${error.message}${cause}`;
}
