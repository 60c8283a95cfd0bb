/**
 * Frames on their way to the server, first in, first out, in blocks that are each one POST. The first of them wait in
 * memory; past a limit the later ones go to disk, which is never touched while the server keeps up. Memory is bounded;
 * where the disk takes no more, so is what waits.
 */
import { Buffer } from "node:buffer";
import { encodeFrame } from "../../protocol/encode-frame.ts";
import type { Frame } from "../../protocol/frame.ts";
import { SpoolFile, type SpoolPlace } from "./spool-file.ts";

export interface FrameSpoolOptions {
  readonly directory: string;
  /** Of one block; a frame that is larger is one by itself. */
  readonly maxBlockBytes: number;
  readonly maxMemoryBytes: number;
  /** Told once, when the disk takes no more. */
  readonly onDiskError: (error: unknown) => void;
}

/** What one POST takes. */
export interface FrameBlock {
  readonly firstSeq: number;
  readonly lastSeq: number;
  readonly bytes: Buffer;
}

interface Block {
  firstSeq: number;
  lastSeq: number;
  length: number;
  /** Absent: on disk. */
  bytes?: Buffer;
  place?: SpoolPlace;
}

const LINE_FEED = 0x0a;

export class FrameSpool {
  readonly #options: FrameSpoolOptions;
  readonly #file: SpoolFile;
  #blocks: Block[] = [];
  #open: Buffer[] = [];
  #openBytes = 0;
  #lastSeq = 0;
  #bytes = 0;
  #memory = 0;
  #writing: Promise<void> = Promise.resolve();
  #unwritten = 0;
  #diskFailed = false;

  constructor(options: FrameSpoolOptions) {
    this.#options = options;
    this.#file = new SpoolFile(options.directory);
  }

  /** Of all frames that were not dropped. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Number of the last frame that was pushed. */
  get lastSeq(): number {
    return this.#lastSeq;
  }

  /** A block is whole: it need not wait for more. */
  get hasBlock(): boolean {
    return this.#blocks.length > 0;
  }

  /** The disk takes no more, and memory is used up. */
  get isFull(): boolean {
    return this.#diskFailed && this.#memory + this.#openBytes > this.#options.maxMemoryBytes;
  }

  /** A returned promise is the disk's back-pressure. */
  push(frame: Frame): void | Promise<void> {
    const text = Buffer.from(encodeFrame(frame));
    if (this.#openBytes > 0 && this.#openBytes + text.length > this.#options.maxBlockBytes) this.#seal();
    this.#open.push(text);
    this.#openBytes += text.length;
    this.#bytes += text.length;
    this.#lastSeq = frame.seq;
    if (this.#openBytes >= this.#options.maxBlockBytes) this.#seal();
    if (this.#unwritten > this.#options.maxMemoryBytes / 2) return this.#writing;
  }

  /** What is to be sent next: of what has no whole block yet, all. */
  async head(): Promise<FrameBlock | undefined> {
    if (this.#blocks.length === 0) this.#seal();
    const [block] = this.#blocks;
    if (block === undefined) return undefined;
    return { firstSeq: block.firstSeq, lastSeq: block.lastSeq, bytes: await this.#bytesOf(block) };
  }

  /** The frames up to this number are no longer needed. */
  async drop(seq: number): Promise<void> {
    for (;;) {
      const [block] = this.#blocks;
      if (block === undefined || block.firstSeq > seq) return;
      const { firstSeq, lastSeq } = block;
      const rest: Block[] = [];
      if (lastSeq > seq) {
        const bytes = await this.#bytesOf(block);
        rest.push(memoryBlock(seq + 1, lastSeq, bytes.subarray(endOf(bytes, seq - firstSeq + 1))));
      }
      await this.#replaceHead(block, rest);
    }
  }

  /** Makes two of the first block. False: it is a single frame. */
  async splitHead(): Promise<boolean> {
    const head = await this.head();
    const [block] = this.#blocks;
    if (head === undefined || block === undefined || head.firstSeq === head.lastSeq) return false;
    const { firstSeq, lastSeq, bytes } = head;
    const count = Math.ceil((lastSeq - firstSeq + 1) / 2);
    const at = endOf(bytes, count);
    await this.#replaceHead(block, [
      memoryBlock(firstSeq, firstSeq + count - 1, bytes.subarray(0, at)),
      memoryBlock(firstSeq + count, lastSeq, bytes.subarray(at)),
    ]);
    return true;
  }

  /** Another frame in place of the first block, which is a single one. */
  async replaceSingle(frame: Frame): Promise<void> {
    const [block] = this.#blocks;
    if (block === undefined) return;
    await this.#replaceHead(block, [memoryBlock(frame.seq, frame.seq, Buffer.from(encodeFrame(frame)))]);
  }

  /** Everything goes, the files too. */
  async remove(): Promise<void> {
    await this.#writing;
    this.#blocks = [];
    this.#open = [];
    this.#openBytes = 0;
    this.#bytes = 0;
    this.#memory = 0;
    await this.#file.remove();
  }

  async #bytesOf({ bytes, place }: Block): Promise<Buffer> {
    if (bytes !== undefined) return bytes;
    if (place === undefined) throw new Error("a block of the spool is nowhere");
    return await this.#file.read(place);
  }

  #seal(): void {
    if (this.#openBytes === 0) return;
    const bytes =
      this.#open.length === 1 ? (this.#open[0] as Buffer) : Buffer.concat(this.#open, this.#openBytes);
    const block = memoryBlock(this.#lastSeq - this.#open.length + 1, this.#lastSeq, bytes);
    this.#open = [];
    this.#openBytes = 0;
    this.#memory += block.length;
    this.#blocks.push(block);
    if (this.#memory > this.#options.maxMemoryBytes && !this.#diskFailed) this.#spill(block, bytes);
  }

  #spill(block: Block, bytes: Buffer): void {
    this.#unwritten += bytes.length;
    this.#writing = this.#writing.then(async () => {
      try {
        // It may have been sent meanwhile.
        if (this.#diskFailed || block.bytes === undefined || !this.#blocks.includes(block)) return;
        const place = await this.#file.write(bytes);
        if (this.#blocks.includes(block)) {
          block.place = place;
          delete block.bytes;
          this.#memory -= bytes.length;
        } else await this.#file.release(place);
      } catch (error) {
        this.#diskFailed = true;
        this.#options.onDiskError(error);
      } finally {
        this.#unwritten -= bytes.length;
      }
    });
  }

  async #replaceHead(block: Block, rest: readonly Block[]): Promise<void> {
    // Another call, or a removal of everything, may have been faster.
    if (this.#blocks[0] !== block) return;
    this.#blocks.splice(0, 1, ...rest);
    const left = rest.reduce((sum, { length }) => sum + length, 0);
    this.#bytes += left - block.length;
    this.#memory += left - (block.bytes?.length ?? 0);
    if (block.place !== undefined) await this.#file.release(block.place);
  }
}

function memoryBlock(firstSeq: number, lastSeq: number, bytes: Buffer): Block {
  return { firstSeq, lastSeq, length: bytes.length, bytes };
}

/** Where the frame number `count` of a block ends. */
function endOf(bytes: Buffer, count: number): number {
  let end = 0;
  for (let i = 0; i < count; i += 1) end = bytes.indexOf(LINE_FEED, end) + 1;
  return end;
}
