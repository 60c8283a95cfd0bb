import { type FileHandle, mkdir, open, rm } from "node:fs/promises";
import { join } from "node:path";

/** Bytes in a segment of the spool. */
export interface SpoolPlace {
  readonly segment: Segment;
  readonly offset: number;
  readonly length: number;
}

interface Segment {
  readonly path: string;
  readonly file: FileHandle;
  length: number;
  /** Places in it that are still needed. */
  places: number;
}

const SEGMENT_BYTES = 64 * 1024 * 1024;

/**
 * Bytes on disk, in segments that go as soon as nothing in them is needed. Calls of `write` must not overlap. Nothing is
 * synced: what is here is needed only as long as the process that wrote it lives.
 */
export class SpoolFile {
  readonly #directory: string;
  readonly #segments = new Set<Segment>();
  #current: Segment | undefined;
  #count = 0;

  constructor(directory: string) {
    this.#directory = directory;
  }

  async write(bytes: Uint8Array): Promise<SpoolPlace> {
    const segment = await this.#segmentWithRoom();
    const offset = segment.length;
    for (let done = 0; done < bytes.length; ) {
      const { bytesWritten } = await segment.file.write(bytes, done, bytes.length - done, offset + done);
      done += bytesWritten;
    }
    segment.length = offset + bytes.length;
    segment.places += 1;
    return { segment, offset, length: bytes.length };
  }

  async read({ segment, offset, length }: SpoolPlace): Promise<Buffer> {
    const bytes = Buffer.allocUnsafe(length);
    for (let done = 0; done < length; ) {
      const { bytesRead } = await segment.file.read(bytes, done, length - done, offset + done);
      if (bytesRead === 0) throw new Error(`${segment.path} ends before what was written to it`);
      done += bytesRead;
    }
    return bytes;
  }

  async release({ segment }: SpoolPlace): Promise<void> {
    segment.places -= 1;
    if (segment.places === 0 && segment !== this.#current) await this.#remove(segment);
  }

  async remove(): Promise<void> {
    for (const segment of [...this.#segments]) await this.#remove(segment);
    this.#current = undefined;
  }

  async #segmentWithRoom(): Promise<Segment> {
    const current = this.#current;
    if (current !== undefined && current.length < SEGMENT_BYTES) return current;
    await mkdir(this.#directory, { recursive: true, mode: 0o700 });
    this.#count += 1;
    const path = join(this.#directory, `frames-${this.#count}`);
    const file = await open(path, "w+", 0o600);
    const segment = { path, file, length: 0, places: 0 };
    this.#segments.add(segment);
    this.#current = segment;
    if (current?.places === 0) await this.#remove(current);
    return segment;
  }

  async #remove(segment: Segment): Promise<void> {
    this.#segments.delete(segment);
    await segment.file.close();
    await rm(segment.path, { force: true });
  }
}
