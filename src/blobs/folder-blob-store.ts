import { randomBytes } from "node:crypto";
import { constants, type Stats } from "node:fs";
import { copyFile, link, lstat, mkdir, open, opendir, rename, rm, rmdir, unlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { Readable } from "node:stream";
import { ExecError } from "../errors.ts";
import { blobKeySegments } from "./blob-key.ts";
import type { BlobBody, BlobRange, BlobReader, BlobStat, BlobStore, PutOptions } from "./blob-store.ts";
import { errnoCode, fileError } from "./file-error.ts";
import { decodeNames, encodeSegments, type FileNaming } from "./folder-blob-path.ts";

export interface FolderBlobStoreOptions {
  /** Absolute. Made when the first blob is put. May itself be reached through links; nothing inside may. */
  readonly root: string;
  /** Default: as this platform's usual file system does. */
  readonly foldsCase?: boolean;
  /** Writes are forced to the disk before they count. Default false: they survive this program's crash, not a power cut. */
  readonly durable?: boolean;
}

const READ_CHUNK_BYTES = 512 * 1024;
/** Another process may remove an emptied folder at the very moment a file is to be moved into it. */
const PLACE_ATTEMPTS = 20;

/**
 * Blobs as plain files that a person can open, each written beside the rest (`.tmp`) and moved into place whole.
 * No symbolic link inside the root is followed, whoever put it there.
 */
export class FolderBlobStore implements BlobStore {
  readonly name = "folder";
  readonly root: string;
  readonly #naming: FileNaming;
  readonly #durable: boolean;

  constructor(options: FolderBlobStoreOptions) {
    this.root = options.root;
    this.#naming = { foldsCase: options.foldsCase ?? process.platform !== "linux" };
    this.#durable = options.durable ?? false;
  }

  /** Where the blob lies, or would lie. */
  pathOf(key: string): string {
    return join(this.root, ...this.#namesOf(key));
  }

  async put(key: string, body: BlobBody, options: PutOptions = {}): Promise<BlobStat> {
    const names = this.#namesOf(key);
    const temporary = join(this.root, ".tmp", randomBytes(12).toString("hex"));
    try {
      await mkdir(dirname(temporary), { recursive: true });
      await writeBody(temporary, body, this.#durable);
      // Looked at before it has its name: from then on another may delete it.
      const stored = await lstat(temporary);
      await this.#place(temporary, names, options.ifAbsent ?? false);
      return statOf(key, stored);
    } catch (error) {
      if (options.ifAbsent && errnoCode(error) === "EEXIST") {
        throw new ExecError("Conflict", `there is a blob ${key} already`, { cause: error });
      }
      throw fileError(error, `cannot store ${key}`);
    } finally {
      await rm(temporary, { force: true }).catch(() => undefined);
    }
  }

  async get(key: string, range: BlobRange = { start: 0 }): Promise<BlobReader> {
    const path = await this.#existing(key);
    const handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW).catch((error) => {
      throw fileError(error, `cannot read ${key}`);
    });
    const stats = await handle.stat();
    if (!stats.isFile()) {
      await handle.close();
      throw new ExecError("NotFound", `there is no blob ${key}`);
    }
    const end = Math.min(range.end ?? Number.POSITIVE_INFINITY, stats.size - 1);
    if (range.start > end) {
      await handle.close();
      return { stat: statOf(key, stats), body: Readable.from([]) };
    }
    const body = handle.createReadStream({ start: range.start, end, highWaterMark: READ_CHUNK_BYTES });
    return { stat: statOf(key, stats), body };
  }

  async stat(key: string): Promise<BlobStat | undefined> {
    try {
      const stats = await lstat(await this.#existing(key));
      return stats.isFile() ? statOf(key, stats) : undefined;
    } catch (error) {
      const failure = fileError(error, `cannot look at ${key}`);
      if (failure.code === "NotFound" || errnoCode(error) === "ENOTDIR") return undefined;
      throw failure;
    }
  }

  async delete(key: string): Promise<boolean> {
    const names = this.#namesOf(key);
    try {
      await unlink(await this.#existing(key));
    } catch (error) {
      const failure = fileError(error, `cannot delete ${key}`);
      if (failure.code === "NotFound" || errnoCode(error) === "EISDIR") return false;
      throw failure;
    }
    await this.#removeEmptyFolders(names.slice(0, -1));
    return true;
  }

  async *list(prefix: string): AsyncIterable<BlobStat> {
    const whole = prefix.split("/").slice(0, -1);
    if (whole.some((segment) => segment === "" || segment === "." || segment === "..")) return;
    for await (const stat of this.#walk(encodeSegments(whole, this.#naming))) {
      if (stat.key.startsWith(prefix)) yield stat;
    }
  }

  async *#walk(folder: readonly string[]): AsyncIterable<BlobStat> {
    let entries: Awaited<ReturnType<typeof opendir>>;
    try {
      await this.#refuseLinks(folder);
      entries = await opendir(join(this.root, ...folder));
    } catch (error) {
      if (["ENOENT", "ENOTDIR"].includes(errnoCode(error) ?? "")) return;
      throw fileError(error, "cannot list blobs");
    }
    for await (const entry of entries) {
      if (entry.name.startsWith(".")) continue;
      const names = [...folder, entry.name];
      if (entry.isDirectory()) {
        yield* this.#walk(names);
      } else if (entry.isFile()) {
        const key = decodeNames(names);
        const stats = await lstat(join(this.root, ...names)).catch(() => undefined);
        if (key !== undefined && stats) yield statOf(key, stats);
      }
    }
  }

  #namesOf(key: string): string[] {
    return encodeSegments(blobKeySegments(key), this.#naming);
  }

  async #existing(key: string): Promise<string> {
    const names = this.#namesOf(key);
    try {
      await this.#refuseLinks(names.slice(0, -1));
    } catch (error) {
      if (["ENOENT", "ENOTDIR"].includes(errnoCode(error) ?? "")) {
        throw new ExecError("NotFound", `there is no blob ${key}`, { cause: error });
      }
      throw error;
    }
    return join(this.root, ...names);
  }

  async #place(temporary: string, names: readonly string[], ifAbsent: boolean): Promise<void> {
    const folder = names.slice(0, -1);
    const target = join(this.root, ...names);
    for (let attempt = 1; ; attempt++) {
      try {
        for (let depth = 1; depth <= folder.length; depth++) {
          await mkdir(join(this.root, ...folder.slice(0, depth))).catch((error) => {
            if (errnoCode(error) !== "EEXIST") throw error;
          });
          await this.#refuseLinks(folder.slice(0, depth), depth);
        }
        if (ifAbsent) await link(temporary, target);
        else await rename(temporary, target);
        break;
      } catch (error) {
        if (errnoCode(error) !== "ENOENT" || attempt >= PLACE_ATTEMPTS) throw error;
      }
    }
    if (this.#durable) await syncFolder(dirname(target));
  }

  /** Throws where one of the folders, from the `from`th on, is not a folder of its own. */
  async #refuseLinks(folder: readonly string[], from = 1): Promise<void> {
    for (let depth = from; depth <= folder.length; depth++) {
      const path = join(this.root, ...folder.slice(0, depth));
      if ((await lstat(path)).isSymbolicLink()) {
        throw new ExecError("Forbidden", `${path} is a symbolic link, which is never followed`);
      }
    }
  }

  async #removeEmptyFolders(folder: readonly string[]): Promise<void> {
    for (let depth = folder.length; depth >= 1; depth--) {
      try {
        await rmdir(join(this.root, ...folder.slice(0, depth)));
      } catch {
        return;
      }
    }
  }
}

async function writeBody(path: string, body: BlobBody, durable: boolean): Promise<void> {
  if ("file" in body) {
    await takeFile(body.file, path, body.move);
  } else {
    const handle = await open(path, "wx", 0o666);
    try {
      if (body instanceof Uint8Array) await handle.writeFile(body);
      else for await (const chunk of body) await handle.writeFile(chunk);
    } finally {
      await handle.close();
    }
  }
  if (!durable) return;
  const handle = await open(path, "r+");
  await handle.sync().finally(() => handle.close());
}

async function takeFile(from: string, to: string, move: boolean): Promise<void> {
  if (!(await lstat(from)).isFile()) throw new ExecError("InvalidSpec", `${from} is not a regular file`);
  if (move) {
    try {
      await rename(from, to);
      return;
    } catch (error) {
      if (errnoCode(error) !== "EXDEV") throw error;
    }
  }
  await copyFile(from, to, constants.COPYFILE_FICLONE);
  if (move) await unlink(from);
}

async function syncFolder(path: string): Promise<void> {
  const handle = await open(path, "r");
  await handle.sync().finally(() => handle.close());
}

function statOf(key: string, stats: Stats): BlobStat {
  return { key, sizeBytes: stats.size, modifiedAt: stats.mtimeMs };
}
