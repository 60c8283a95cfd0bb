import { randomInt } from "node:crypto";
import { rm } from "node:fs/promises";
import type { BlobStore } from "../blobs/blob-store.ts";
import { ExecError } from "../errors.ts";
import { sha256File } from "./sha256-file.ts";
import { StagedUpload } from "./staged-upload.ts";
import type { NewUpload, StagedContent, Upload, UploadedContent, Uploads } from "./uploads.ts";

interface FolderUpload extends Upload {
  readonly staged: StagedUpload;
}

/** Uploads in files of this process. They are gone with it: an unfinished upload is never resumed. */
export class FolderUploads implements Uploads {
  readonly #parent: string;
  readonly #byId = new Map<string, FolderUpload>();
  readonly #byName = new Map<string, FolderUpload>();

  /** `parent`: a folder of this process alone, on the disk the content ends on, so that finishing it is a rename. */
  constructor(parent: string) {
    this.#parent = parent;
  }

  async begin(request: NewUpload): Promise<Upload | undefined> {
    const staged = await StagedUpload.open(this.#parent, request.maxBytes);
    if (this.#byName.has(request.name)) {
      await staged.discard();
      return undefined;
    }
    const upload = folderUpload(String(randomInt(1, 2 ** 48 - 1)), request, staged);
    this.#byId.set(upload.id, upload);
    this.#byName.set(upload.name, upload);
    return upload;
  }

  async byName(name: string): Promise<Upload | undefined> {
    return this.#byName.get(name);
  }

  async byId(owner: string, id: string): Promise<Upload> {
    const upload = this.#byId.get(id);
    if (upload?.owner === owner) return upload;
    throw new ExecError("NotFound", "this upload is finished, was dropped or never was");
  }

  async end({ id, name }: Upload): Promise<void> {
    const upload = this.#byId.get(id);
    this.#byId.delete(id);
    if (this.#byName.get(name)?.id === id) this.#byName.delete(name);
    await upload?.staged.discard();
  }

  async endAllOf(owner: string): Promise<void> {
    const own = [...this.#byId.values()].filter((upload) => upload.owner === owner);
    await Promise.all(own.map((upload) => this.end(upload)));
  }

  async stage(body: AsyncIterable<Uint8Array>): Promise<StagedContent> {
    const staged = await StagedUpload.open(this.#parent, Number.POSITIVE_INFINITY);
    try {
      await staged.putWhole(body, undefined);
      const content = contentOf(staged);
      if (content === undefined) throw new ExecError("Permanent", "the content was not written");
      return { ...content, discard: () => staged.discard() };
    } catch (error) {
      await staged.discard();
      throw error;
    }
  }

  async close(): Promise<void> {
    await Promise.all([...this.#byId.values()].map((upload) => this.end(upload)));
    await rm(this.#parent, { recursive: true, force: true }).catch(() => undefined);
  }
}

function folderUpload(id: string, { name, owner, about }: NewUpload, staged: StagedUpload): FolderUpload {
  return {
    ...{ id, name, owner, about, staged },
    get busy() {
      return staged.busy;
    },
    putWhole: (body, length) => staged.putWhole(body, length),
    putBlock: (block, body, length) => staged.putBlock(block, body, length),
    commitBlocks: (ids) => staged.commitBlocks(ids),
    putRange: (start, body, length) => staged.putRange(start, body, length),
    commitRanges: (sizeBytes) => staged.commitRanges(sizeBytes),
    content: async () => contentOf(staged),
  };
}

function contentOf(staged: StagedUpload): UploadedContent | undefined {
  const { sizeBytes } = staged;
  if (sizeBytes === undefined) return undefined;
  return {
    sizeBytes,
    digest: () => sha256File(staged.path),
    async keep(store: BlobStore, key: string) {
      await store.put(key, { file: staged.path, move: true });
      return key;
    },
  };
}
