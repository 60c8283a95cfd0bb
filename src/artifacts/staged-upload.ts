import { randomBytes } from "node:crypto";
import { type FileHandle, mkdir, open, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileError } from "../blobs/file-error.ts";
import { ExecError } from "../errors.ts";

/** Where a block lies until the order of the blocks is known. */
interface Region {
  /** Undefined: the main file. */
  readonly spare?: string;
  readonly offset: number;
  readonly length: number;
}

const COPY_CHUNK_BYTES = 1024 * 1024;
const MAX_SLOTS = 50_000;

/**
 * A file that is being uploaded, in a folder of its own: as a whole, as blocks whose order comes last (Azure), or as
 * ranges (cache v1). Any number of parts may arrive at once.
 *
 * Azure's clients end a block's id with its index, six digits. Blocks go straight to the place that hints at, and the
 * file is ready when the list says the same; a list that says otherwise costs one more copy, nothing else.
 *
 * It does not say who may upload what; see `UploadSessions`.
 */
export class StagedUpload {
  readonly #folder: string;
  readonly #maxBytes: number;
  readonly #blocks = new Map<string, Region>();
  readonly #slots = new Map<number, string>();
  readonly #busySlots = new Set<number>();
  readonly #ranges = new Map<number, number>();
  #main: FileHandle;
  #mainPath: string;
  #slotBytes: number | undefined;
  #spares = 0;
  #stagedBytes = 0;
  #parts = 0;
  #committedList: string | undefined;
  #sizeBytes: number | undefined;

  private constructor(folder: string, mainPath: string, main: FileHandle, maxBytes: number) {
    this.#folder = folder;
    this.#mainPath = mainPath;
    this.#main = main;
    this.#maxBytes = maxBytes;
  }

  static async open(parent: string, maxBytes: number): Promise<StagedUpload> {
    const folder = join(parent, randomBytes(12).toString("hex"));
    try {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      const path = join(folder, "content");
      return new StagedUpload(folder, path, await open(path, "wx+"), maxBytes);
    } catch (error) {
      throw fileError(error, "cannot begin an upload");
    }
  }

  /** True while a part is arriving. */
  get busy(): boolean {
    return this.#parts > 0;
  }

  /** Bytes of the complete content; undefined until it is complete. */
  get sizeBytes(): number | undefined {
    return this.#sizeBytes;
  }

  /** The complete content. The file may be moved away, once. */
  get path(): string {
    return this.#mainPath;
  }

  /** `length`: as declared by the sender; fewer or more bytes are refused. */
  async putWhole(body: AsyncIterable<Uint8Array>, length: number | undefined): Promise<void> {
    this.#sizeBytes = undefined;
    const written = await this.#part(() => this.#write(this.#main, 0, body, length));
    await this.#main.truncate(written);
    this.#sizeBytes = written;
  }

  async putBlock(id: string, body: AsyncIterable<Uint8Array>, length: number | undefined): Promise<void> {
    if (this.#sizeBytes !== undefined) throw new ExecError("Conflict", "the upload is complete already");
    const slot = this.#freeSlot(id, length);
    if (slot === undefined || length === undefined) {
      const spare = join(this.#folder, `spare-${++this.#spares}`);
      const handle = await open(spare, "wx");
      const written = await this.#part(() => this.#write(handle, 0, body, length)).finally(() =>
        handle.close(),
      );
      this.#blocks.set(id, { spare, offset: 0, length: written });
      return;
    }
    this.#slots.set(slot, id);
    this.#busySlots.add(slot);
    try {
      const offset = slot * (this.#slotBytes ?? length);
      await this.#part(() => this.#write(this.#main, offset, body, length));
      this.#blocks.set(id, { offset, length });
    } finally {
      this.#busySlots.delete(slot);
    }
  }

  /** The content is these blocks, in this order. The same list again changes nothing. */
  async commitBlocks(ids: readonly string[]): Promise<void> {
    const list = ids.join("\n");
    if (this.#committedList === list) return;
    if (this.#sizeBytes !== undefined) throw new ExecError("Conflict", "the upload is complete already");
    const regions = ids.map((id) => {
      const region = this.#blocks.get(id);
      if (!region) throw new ExecError("InvalidSpec", `the list names a block that was not uploaded: ${id}`);
      return region;
    });
    const total = regions.reduce((sum, region) => sum + region.length, 0);
    this.#checkSize(total);
    if (isInOrder(regions)) await this.#main.truncate(total);
    else await this.#assemble(regions);
    this.#committedList = list;
    this.#sizeBytes = total;
  }

  async putRange(start: number, body: AsyncIterable<Uint8Array>, length: number): Promise<void> {
    if (this.#sizeBytes !== undefined) throw new ExecError("Conflict", "the upload is complete already");
    this.#checkSize(start + length);
    await this.#part(() => this.#write(this.#main, start, body, length));
    this.#ranges.set(start, length);
  }

  /** The content is the ranges; they must fill `sizeBytes` without a gap. */
  async commitRanges(sizeBytes: number): Promise<void> {
    let end = 0;
    for (const [start, length] of [...this.#ranges].sort(([a], [b]) => a - b)) {
      if (start > end) break;
      end = Math.max(end, start + length);
    }
    if (end !== sizeBytes) {
      throw new ExecError("InvalidSpec", `${end} bytes were uploaded without a gap, not ${sizeBytes}`);
    }
    await this.#main.truncate(sizeBytes);
    this.#sizeBytes = sizeBytes;
  }

  /** Takes everything away, also while parts arrive: those fail. Idempotent. */
  async discard(): Promise<void> {
    await this.#main.close().catch(() => undefined);
    await rm(this.#folder, { recursive: true, force: true }).catch(() => undefined);
  }

  #freeSlot(id: string, length: number | undefined): number | undefined {
    const index = /(\d{6})$/.exec(Buffer.from(id, "base64").toString("latin1"))?.[1];
    if (index === undefined || length === undefined || Number(index) >= MAX_SLOTS) return undefined;
    const slot = Number(index);
    this.#slotBytes ??= length;
    const holder = this.#slots.get(slot);
    const free = (holder === undefined || holder === id) && !this.#busySlots.has(slot);
    return free && length <= this.#slotBytes ? slot : undefined;
  }

  async #part(write: () => Promise<number>): Promise<number> {
    this.#parts++;
    try {
      return await write();
    } catch (error) {
      throw fileError(error, "cannot store the upload");
    } finally {
      this.#parts--;
    }
  }

  async #write(
    handle: FileHandle,
    offset: number,
    body: AsyncIterable<Uint8Array>,
    length: number | undefined,
  ): Promise<number> {
    let written = 0;
    for await (const chunk of body) {
      written += chunk.byteLength;
      this.#stagedBytes += chunk.byteLength;
      if (length !== undefined && written > length) break;
      // Blocks may be sent twice after a timeout, hence twice the limit for what lies staged.
      this.#checkSize(this.#stagedBytes / 2);
      await writeFully(handle, chunk, offset + written - chunk.byteLength);
    }
    if (length !== undefined && written !== length) {
      throw new ExecError("InvalidSpec", `the body has ${written} bytes, its head says ${length}`);
    }
    return written;
  }

  async #assemble(regions: readonly Region[]): Promise<void> {
    const path = join(this.#folder, "assembled");
    const target = await open(path, "w+");
    const buffer = Buffer.allocUnsafe(COPY_CHUNK_BYTES);
    let position = 0;
    try {
      for (const region of regions) {
        const source = region.spare === undefined ? this.#main : await open(region.spare, "r");
        try {
          for (let done = 0; done < region.length; ) {
            const want = Math.min(buffer.length, region.length - done);
            const { bytesRead } = await source.read(buffer, 0, want, region.offset + done);
            if (bytesRead === 0) throw new ExecError("Permanent", "an uploaded block became shorter");
            await writeFully(target, buffer.subarray(0, bytesRead), position);
            position += bytesRead;
            done += bytesRead;
          }
        } finally {
          if (source !== this.#main) await source.close();
        }
      }
    } catch (error) {
      await target.close();
      throw fileError(error, "cannot put the upload together");
    }
    await this.#main.close();
    this.#main = target;
    this.#mainPath = path;
  }

  #checkSize(bytes: number): void {
    if (bytes > this.#maxBytes) {
      throw new ExecError("QuotaExceeded", `the upload is larger than the limit of ${this.#maxBytes} bytes`);
    }
  }
}

function isInOrder(regions: readonly Region[]): boolean {
  let end = 0;
  for (const region of regions) {
    if (region.spare !== undefined || region.offset !== end) return false;
    end += region.length;
  }
  return true;
}

async function writeFully(handle: FileHandle, chunk: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < chunk.byteLength; ) {
    const { bytesWritten } = await handle.write(chunk, done, chunk.byteLength - done, position + done);
    done += bytesWritten;
  }
}
