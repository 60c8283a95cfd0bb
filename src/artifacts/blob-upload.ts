import { createHash } from "node:crypto";
import type { BlobStat, BlobStore } from "../blobs/blob-store.ts";
import { readText } from "../blobs/read-text.ts";
import { ExecError } from "../errors.ts";
import type { JsonObject } from "../json.ts";
import { hashedBody } from "./hashed-body.ts";
import type { Upload, UploadedContent } from "./uploads.ts";

/** What any process needs to know to take a part. */
export type UploadDescription = {
  readonly id: string;
  readonly name: string;
  readonly owner: string;
  readonly about: JsonObject;
  readonly maxBytes: number;
  readonly contentKey: string;
};

/** Says that the content is whole; lies beside the parts. */
interface Completion {
  readonly sizeBytes: number;
  readonly digest: string;
  /** Hash of the list of blocks it was made by. */
  readonly list?: string;
}

/** A run of bytes of a staged part. */
interface Piece {
  readonly key: string;
  readonly skip: number;
}

/** Blocks may be sent twice after a timeout, hence more than once the limit for what lies staged. */
const STAGED_TIMES = 2;

/** One upload in a blob store; see `BlobUploads`. Holds nothing that another process would have to know. */
export class BlobUpload implements Upload {
  readonly busy = false;
  readonly id: string;
  readonly name: string;
  readonly owner: string;
  readonly about: JsonObject;
  readonly #store: BlobStore;
  readonly #folder: string;
  readonly #maxBytes: number;
  readonly #contentKey: string;
  readonly #countStaged: (bytes: number) => number;

  /** `countStaged` adds to what parts of this upload have brought, and gives the sum. */
  constructor(
    store: BlobStore,
    folder: string,
    description: UploadDescription,
    countStaged: (bytes: number) => number,
  ) {
    this.#store = store;
    this.#folder = folder;
    this.#countStaged = countStaged;
    this.#maxBytes = description.maxBytes;
    this.#contentKey = description.contentKey;
    this.id = description.id;
    this.name = description.name;
    this.owner = description.owner;
    this.about = description.about;
  }

  async putWhole(body: AsyncIterable<Uint8Array>, length: number | undefined): Promise<void> {
    this.#checkSize(length ?? 0);
    const { stream, digest } = hashedBody(this.#checked(body, length));
    const { sizeBytes } = await this.#store.put(this.#contentKey, stream);
    await this.#complete({ sizeBytes, digest: digest() });
  }

  async putBlock(id: string, body: AsyncIterable<Uint8Array>, length: number | undefined): Promise<void> {
    await this.#refuseIfComplete();
    this.#checkSize(length ?? 0);
    await this.#store.put(this.#blockKey(id), this.#counted(this.#checked(body, length)));
  }

  async commitBlocks(ids: readonly string[]): Promise<void> {
    const list = createHash("sha256").update(ids.join("\n")).digest("hex");
    const before = await this.#completion();
    if (before?.list === list) return;
    if (before) throw alreadyComplete();
    const blocks = await this.#parts("blocks");
    const wanted = ids.map((id) => {
      const block = blocks.get(this.#blockKey(id));
      if (!block) throw new ExecError("InvalidSpec", `the list names a block that was not uploaded: ${id}`);
      return block;
    });
    const total = wanted.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
    this.#checkSize(total);
    await this.#assemble(
      wanted.map(({ key }) => ({ key, skip: 0 })),
      total,
      { list },
    );
  }

  async putRange(start: number, body: AsyncIterable<Uint8Array>, length: number): Promise<void> {
    await this.#refuseIfComplete();
    this.#checkSize(start + length);
    const part = this.#counted(this.#checked(body, length));
    await this.#store.put(`${this.#folder}/ranges/${start}-${length}`, part);
  }

  async commitRanges(sizeBytes: number): Promise<void> {
    const before = await this.#completion();
    if (before?.sizeBytes === sizeBytes) return;
    if (before) throw alreadyComplete();
    const ranges = [...(await this.#parts("ranges")).values()]
      .map(({ key, sizeBytes: length }) => ({ key, length, start: Number(/(\d+)-\d+$/.exec(key)?.[1]) }))
      .sort((a, b) => a.start - b.start || b.length - a.length);
    const pieces: Piece[] = [];
    let end = 0;
    for (const { key, start, length } of ranges) {
      if (start > end) break;
      if (start + length <= end) continue;
      pieces.push({ key, skip: end - start });
      end = start + length;
    }
    if (end !== sizeBytes) {
      throw new ExecError("InvalidSpec", `${end} bytes were uploaded without a gap, not ${sizeBytes}`);
    }
    await this.#assemble(pieces, sizeBytes, {});
  }

  async content(): Promise<UploadedContent | undefined> {
    const completion = await this.#completion();
    if (!completion) return undefined;
    return {
      sizeBytes: completion.sizeBytes,
      digest: async () => completion.digest,
      keep: async () => this.#contentKey,
    };
  }

  async #assemble(pieces: readonly Piece[], total: number, more: Pick<Completion, "list">): Promise<void> {
    const { stream, digest } = hashedBody(this.#read(pieces));
    const { sizeBytes } = await this.#store.put(this.#contentKey, stream);
    if (sizeBytes !== total) throw new ExecError("Permanent", "an uploaded block became shorter");
    await this.#complete({ sizeBytes, digest: digest(), ...more });
  }

  async *#read(pieces: readonly Piece[]): AsyncIterable<Uint8Array> {
    for (const { key, skip } of pieces) {
      const { body } = await this.#store.get(key, { start: skip });
      yield* body;
    }
  }

  async #parts(kind: "blocks" | "ranges"): Promise<ReadonlyMap<string, BlobStat>> {
    const parts = new Map<string, BlobStat>();
    let staged = 0;
    for await (const stat of this.#store.list(`${this.#folder}/${kind}/`)) {
      parts.set(stat.key, stat);
      staged += stat.sizeBytes;
    }
    this.#checkSize(staged / STAGED_TIMES);
    return parts;
  }

  async *#checked(body: AsyncIterable<Uint8Array>, length: number | undefined): AsyncIterable<Uint8Array> {
    let size = 0;
    for await (const chunk of body) {
      size += chunk.byteLength;
      this.#checkSize(size);
      if (length !== undefined && size > length) break;
      yield chunk;
    }
    if (length !== undefined && size !== length) {
      throw new ExecError("InvalidSpec", `the body has ${size} bytes, its head says ${length}`);
    }
  }

  async *#counted(body: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
    for await (const chunk of body) {
      this.#checkSize(this.#countStaged(chunk.byteLength) / STAGED_TIMES);
      yield chunk;
    }
  }

  async #complete(completion: Completion): Promise<void> {
    await this.#store.put(this.#completionKey, Buffer.from(JSON.stringify(completion)));
  }

  async #completion(): Promise<Completion | undefined> {
    try {
      return JSON.parse(await readText(this.#store, this.#completionKey)) as Completion;
    } catch (error) {
      if (error instanceof ExecError && error.code === "NotFound") return undefined;
      throw error;
    }
  }

  async #refuseIfComplete(): Promise<void> {
    if (await this.#store.stat(this.#completionKey)) throw alreadyComplete();
  }

  get #completionKey(): string {
    return `${this.#folder}/complete.json`;
  }

  #blockKey(id: string): string {
    return `${this.#folder}/blocks/${Buffer.from(id, "base64").toString("hex")}`;
  }

  #checkSize(bytes: number): void {
    if (bytes > this.#maxBytes) {
      throw new ExecError("QuotaExceeded", `the upload is larger than the limit of ${this.#maxBytes} bytes`);
    }
  }
}

function alreadyComplete(): ExecError {
  return new ExecError("Conflict", "the upload is complete already");
}
