/**
 * Reads what a runner writes, whatever pieces it arrives in: frames, messages, and between them plain log.
 *
 * A frame begins with a record separator (also in the middle of a line, which then ends there) and ends with a line
 * feed. A record that is no frame after all is plain log like any other line: nothing a process prints can make the
 * decoder throw, and nothing is dropped but half a frame at the very end.
 */
import { Buffer } from "node:buffer";
import type { Frame } from "./frame.ts";
import { parseFrame } from "./parse-frame.ts";
import { parseRunnerMessage, type RunnerMessage } from "./runner-message.ts";

export type Decoded =
  | { readonly kind: "frame"; readonly frame: Frame }
  /** What the runner asks of its executor. */
  | { readonly kind: "message"; readonly message: RunnerMessage }
  /** A piece of plain log, its line feeds kept. */
  | { readonly kind: "plain"; readonly data: Uint8Array };

export interface FrameDecoderOptions {
  /** A record that grows beyond this is plain log. */
  readonly maxFrameBytes?: number;
}

const SEPARATOR = 0x1e;
const LINE_FEED = 0x0a;
const MAX_FRAME_BYTES = 64 * 1024 * 1024;

export class FrameDecoder {
  readonly #maxFrameBytes: number;
  /** Pieces of the record that has begun; empty: outside a record. */
  #record: Buffer[] = [];
  #recordBytes = 0;

  constructor(options: FrameDecoderOptions = {}) {
    this.#maxFrameBytes = options.maxFrameBytes ?? MAX_FRAME_BYTES;
  }

  /** What has become known with this chunk, in order. The chunk must not be changed afterwards. */
  push(chunk: Uint8Array): Decoded[] {
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    const decoded: Decoded[] = [];
    let at = 0;
    while (at < bytes.length) {
      if (this.#record.length === 0) at = this.#readPlain(bytes, at, decoded);
      else at = this.#readRecord(bytes, at, decoded);
    }
    return decoded;
  }

  /** The stream has ended. Half a record is dropped: how many bytes that was. */
  end(): number {
    const dropped = this.#recordBytes;
    this.#forget();
    return dropped;
  }

  #readPlain(bytes: Buffer, from: number, decoded: Decoded[]): number {
    const separator = bytes.indexOf(SEPARATOR, from);
    const end = separator === -1 ? bytes.length : separator;
    if (end > from) decoded.push({ kind: "plain", data: bytes.subarray(from, end) });
    if (separator === -1) return end;
    this.#keep(bytes.subarray(separator, separator + 1));
    return separator + 1;
  }

  #readRecord(bytes: Buffer, from: number, decoded: Decoded[]): number {
    const lineEnd = bytes.indexOf(LINE_FEED, from);
    const separator = bytes.indexOf(SEPARATOR, from);
    // JSON never holds a bare separator: the record was cut short and the next one begins.
    const cut = separator !== -1 && (lineEnd === -1 || separator < lineEnd);
    const end = cut ? separator : lineEnd === -1 ? bytes.length : lineEnd + 1;
    if (end > from) this.#keep(bytes.subarray(from, end));
    if (cut || lineEnd !== -1) this.#finish(decoded, !cut);
    else if (this.#recordBytes > this.#maxFrameBytes) this.#finish(decoded, false);
    return end;
  }

  #keep(piece: Buffer): void {
    this.#record.push(piece);
    this.#recordBytes += piece.length;
  }

  #finish(decoded: Decoded[], whole: boolean): void {
    const record = Buffer.concat(this.#record, this.#recordBytes);
    this.#forget();
    const fits = whole && record.length <= this.#maxFrameBytes;
    const text = fits ? record.toString("utf8", 1) : "";
    const frame = fits ? parseFrame(text) : undefined;
    const message = frame === undefined ? parseRunnerMessage(text) : undefined;
    if (frame !== undefined) decoded.push({ kind: "frame", frame });
    else if (message !== undefined) decoded.push({ kind: "message", message });
    else if (record.length > 1) decoded.push({ kind: "plain", data: record.subarray(1) });
  }

  #forget(): void {
    this.#record = [];
    this.#recordBytes = 0;
  }
}
