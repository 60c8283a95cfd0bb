import { Buffer } from "node:buffer";
import type { IncomingMessage } from "node:http";
import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import type { Clock } from "../../clock.ts";
import { ExecError } from "../../errors.ts";
import { type FrameBatch, frameBatch, readFrames } from "./frame-batch.ts";

export interface PushBodyLimits {
  /** Of several frames, unpacked. */
  readonly maxBatchBytes: number;
  /** Of one frame, unpacked; of any body as it comes. */
  readonly maxFrameBytes: number;
  /** Of all bodies that are read at once, as they come. */
  readonly maxBytesAtOnce: number;
  /** Bodies that are unpacked at once. */
  readonly maxUnpacking: number;
  /** How long a body may take to come. */
  readonly timeLimitMs: number;
}

/** A body that is refused for its size; `now`: only because of all the others. */
export class TooLarge extends Error {
  override readonly name = "TooLarge";
  readonly now: boolean;
  constructor(now: boolean) {
    super(now ? "too much arrives at once" : "the body is too large");
    this.now = now;
  }
}

const unpack = promisify(gunzip);

/** Reads bodies of many requests within the bounds of one process. */
export class PushBodies {
  readonly #limits: PushBodyLimits;
  readonly #clock: Pick<Clock, "after">;
  readonly #waiting: (() => void)[] = [];
  #unpacking = 0;
  #bytes = 0;

  constructor(limits: PushBodyLimits, clock: Pick<Clock, "after">) {
    this.#limits = limits;
    this.#clock = clock;
  }

  /** Rejects with `TooLarge`, `InvalidSpec` where it is no batch of frames, `Cancelled` where the sender went away. */
  async read(request: IncomingMessage): Promise<FrameBatch> {
    const encoding = request.headers["content-encoding"] ?? "identity";
    if (encoding !== "identity" && encoding !== "gzip")
      throw new ExecError("InvalidSpec", `content-encoding ${encoding} is not known here`);
    const chunks: Buffer[] = [];
    try {
      const content = await this.#collect(request, chunks);
      const isPacked = encoding === "gzip";
      const sequence = isPacked ? await this.#unpack(content) : content;
      const batch = frameBatch(readFrames(sequence), content, isPacked);
      if (batch.frames.length > 1 && sequence.length > this.#limits.maxBatchBytes) throw new TooLarge(false);
      return batch;
    } finally {
      for (const { length } of chunks) this.#bytes -= length;
    }
  }

  /** Not `for await`: leaving that loop early would destroy the socket before the answer is out. */
  async #collect(request: IncomingMessage, chunks: Buffer[]): Promise<Buffer> {
    const { maxFrameBytes, maxBytesAtOnce, timeLimitMs } = this.#limits;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    let size = 0;
    let refused = false;
    const refuse = (error: Error) => {
      refused = true;
      reject(error);
    };
    const stopTimer = this.#clock.after(timeLimitMs, () => request.destroy());
    request.on("data", (chunk: Buffer) => {
      if (refused) return;
      size += chunk.length;
      if (size > maxFrameBytes) return refuse(new TooLarge(false));
      if (this.#bytes + chunk.length > maxBytesAtOnce) return refuse(new TooLarge(true));
      this.#bytes += chunk.length;
      chunks.push(chunk);
    });
    request.on("end", resolve);
    request.on("close", () => reject(new ExecError("Cancelled", "the request was cut off")));
    request.on("error", reject);
    try {
      await promise;
    } finally {
      stopTimer();
    }
    return Buffer.concat(chunks, size);
  }

  async #unpack(content: Buffer): Promise<Buffer> {
    const { maxFrameBytes, maxUnpacking } = this.#limits;
    if (this.#unpacking >= maxUnpacking) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    else this.#unpacking += 1;
    try {
      return await unpack(content, { maxOutputLength: maxFrameBytes });
    } catch (error) {
      if (error instanceof RangeError) throw new TooLarge(false);
      throw new ExecError("InvalidSpec", "the body is not compressed as it says", { cause: error });
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#unpacking -= 1;
      else next();
    }
  }
}
