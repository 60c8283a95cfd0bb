import { createHash, randomInt } from "node:crypto";
import type { BlobStore } from "../blobs/blob-store.ts";
import { readText } from "../blobs/read-text.ts";
import { ExecError } from "../errors.ts";
import type { Json } from "../json.ts";
import { BlobUpload, type UploadDescription } from "./blob-upload.ts";
import { hashedBody } from "./hashed-body.ts";
import type { NewUpload, StagedContent, Upload, Uploads } from "./uploads.ts";

export interface BlobUploadsOptions {
  readonly store: BlobStore;
  /** Where unfinished uploads lie in the store: `uploads/artifacts`. */
  readonly prefix: string;
  /** Whether a record has this content: it is then not taken away with its upload. */
  readonly isOwned: (contentKey: string) => Promise<boolean>;
}

/** Deletes at once, of the many blocks of an upload. */
const DELETES_AT_ONCE = 16;
/** Unfinished ones of one job: GitHub's clients have one a step, and some more where steps run beside each other. */
const MAX_UNFINISHED = 100;
const MAX_REMEMBERED = 10_000;

/**
 * Uploads in a blob store: any process that shares it takes any part, whoever began the upload.
 *
 * `<prefix>/names/<hash>` says which upload has a name; of two that want it at once the store lets one in. Below
 * `<prefix>/jobs/<owner>/<id>/` lie the upload's description and its parts. The content itself is put where it stays, in
 * one pass that also hashes it; one that comes as a whole is never copied.
 */
export class BlobUploads implements Uploads {
  readonly #options: BlobUploadsOptions;
  /** Bytes of parts that this process has taken, by upload: what bounds what lies staged, as each process sees it. */
  readonly #staged = new Map<string, number>();
  /** Ids of unfinished uploads by owner, as far as this process knows: more than there are, where others end some. */
  readonly #unfinished = new Map<string, Set<string>>();

  constructor(options: BlobUploadsOptions) {
    this.#options = options;
  }

  async begin(request: NewUpload): Promise<Upload | undefined> {
    const { store } = this.#options;
    const id = String(randomInt(1, 2 ** 48 - 1));
    const { name, owner, about, maxBytes } = request;
    await this.#refuseMany(owner);
    const description = { ...{ id, name, owner, about, maxBytes }, contentKey: request.contentKey(id) };
    // The description first: a name never leads to an upload that is not there yet.
    await store.put(this.#descriptionKey(owner, id), jsonBody(description));
    try {
      await store.put(this.#nameKey(name), jsonBody({ owner, id }), { ifAbsent: true });
    } catch (error) {
      await store.delete(this.#descriptionKey(owner, id));
      if (error instanceof ExecError && error.code === "Conflict") return undefined;
      throw error;
    }
    this.#unfinished.get(owner)?.add(id);
    return this.#upload(description);
  }

  async byName(name: string): Promise<Upload | undefined> {
    const holder = (await this.#read(this.#nameKey(name))) as UploadPlace | undefined;
    if (!holder) return undefined;
    const description = await this.#description(holder.owner, holder.id);
    if (description) return this.#upload(description);
    // Its process died while it took the upload away.
    await this.#options.store.delete(this.#nameKey(name));
    return undefined;
  }

  async byId(owner: string, id: string): Promise<Upload> {
    const description = /^\d+$/.test(id) ? await this.#description(owner, id) : undefined;
    if (description) return this.#upload(description);
    throw new ExecError("NotFound", "this upload is finished, was dropped or never was");
  }

  async end({ owner, id }: Upload): Promise<void> {
    const description = await this.#description(owner, id);
    if (description) await this.#takeAway(description);
  }

  async endAllOf(owner: string): Promise<void> {
    for (const id of await this.#idsOf(owner)) {
      const description = await this.#description(owner, id);
      if (description) await this.#takeAway(description);
      else await this.#deleteAll(`${this.#folder(owner, id)}/`);
    }
    this.#unfinished.delete(owner);
  }

  async stage(body: AsyncIterable<Uint8Array>, contentKey: string): Promise<StagedContent> {
    const { store, isOwned } = this.#options;
    const { stream, digest } = hashedBody(body);
    const { sizeBytes } = await store.put(contentKey, stream);
    const sha256 = digest();
    return {
      sizeBytes,
      digest: async () => sha256,
      keep: async () => contentKey,
      async discard() {
        if (!(await isOwned(contentKey))) await store.delete(contentKey);
      },
    };
  }

  /** Removes what jobs left that nobody saw end, if it has not changed since then. Gives the number of blobs. */
  async clearLeftovers(before: number): Promise<number> {
    let removed = 0;
    for await (const { key, modifiedAt } of this.#options.store.list(`${this.#options.prefix}/`)) {
      if (modifiedAt >= before) continue;
      const description = key.endsWith("/upload.json")
        ? ((await this.#read(key)) as UploadDescription)
        : undefined;
      if (description) await this.#takeAway(description);
      else await this.#options.store.delete(key);
      removed++;
    }
    return removed;
  }

  async close(): Promise<void> {}

  #upload(description: UploadDescription): Upload {
    const { store } = this.#options;
    const { owner, id } = description;
    return new BlobUpload(store, this.#folder(owner, id), description, (bytes) => {
      const total = (this.#staged.get(id) ?? 0) + bytes;
      this.#staged.set(id, total);
      return total;
    });
  }

  async #takeAway({ name, owner, id, contentKey }: UploadDescription): Promise<void> {
    const { store, isOwned } = this.#options;
    this.#staged.delete(id);
    this.#unfinished.get(owner)?.delete(id);
    const nameKey = this.#nameKey(name);
    const holder = (await this.#read(nameKey)) as UploadPlace | undefined;
    if (holder?.id === id) await store.delete(nameKey);
    await this.#deleteAll(`${this.#folder(owner, id)}/`);
    if (!(await isOwned(contentKey))) await store.delete(contentKey);
  }

  /** The store is asked only where it may matter. */
  async #refuseMany(owner: string): Promise<void> {
    let known = this.#unfinished.get(owner) ?? new Set();
    if (known.size >= MAX_UNFINISHED) known = await this.#idsOf(owner);
    if (known.size >= MAX_UNFINISHED) {
      throw new ExecError(
        "QuotaExceeded",
        `a job has at most ${MAX_UNFINISHED} uploads of a kind under way: finish some first`,
      );
    }
    const oldest = this.#unfinished.size >= MAX_REMEMBERED ? this.#unfinished.keys().next().value : undefined;
    if (oldest !== undefined) this.#unfinished.delete(oldest);
    this.#unfinished.set(owner, known);
  }

  async #idsOf(owner: string): Promise<Set<string>> {
    const prefix = `${this.#options.prefix}/jobs/${owner}/`;
    const ids = new Set<string>();
    for await (const { key } of this.#options.store.list(prefix)) {
      ids.add(key.slice(prefix.length).split("/")[0] ?? "");
    }
    return ids;
  }

  async #deleteAll(prefix: string): Promise<void> {
    const keys: string[] = [];
    for await (const { key } of this.#options.store.list(prefix)) keys.push(key);
    const next = async (): Promise<void> => {
      for (let key = keys.pop(); key !== undefined; key = keys.pop()) await this.#options.store.delete(key);
    };
    await Promise.all(Array.from({ length: DELETES_AT_ONCE }, next));
  }

  async #description(owner: string, id: string): Promise<UploadDescription | undefined> {
    return (await this.#read(this.#descriptionKey(owner, id))) as UploadDescription | undefined;
  }

  async #read(key: string): Promise<unknown> {
    try {
      return JSON.parse(await readText(this.#options.store, key));
    } catch (error) {
      if (error instanceof ExecError && error.code === "NotFound") return undefined;
      throw error;
    }
  }

  #nameKey(name: string): string {
    return `${this.#options.prefix}/names/${createHash("sha256").update(name).digest("hex")}`;
  }

  #folder(owner: string, id: string): string {
    return `${this.#options.prefix}/jobs/${owner}/${id}`;
  }

  #descriptionKey(owner: string, id: string): string {
    return `${this.#folder(owner, id)}/upload.json`;
  }
}

interface UploadPlace {
  readonly owner: string;
  readonly id: string;
}

function jsonBody(value: Json): Buffer {
  return Buffer.from(JSON.stringify(value));
}
