import { Buffer } from "node:buffer";
import { ExecError } from "../../errors.ts";
import { encodeFrame } from "../../protocol/encode-frame.ts";
import type { Frame } from "../../protocol/frame.ts";
import { parseFrame } from "../../protocol/parse-frame.ts";

/** Frames that came in one POST: numbered without a gap, `job.finished` only as the last one. */
export interface FrameBatch {
  readonly frames: readonly Frame[];
  readonly firstSeq: number;
  readonly lastSeq: number;
  /** It ends with `job.finished`. */
  readonly final: boolean;
  /** `content` is compressed. */
  readonly gzip: boolean;
  /** The frames as a JSON text sequence. */
  readonly content: Uint8Array;
}

const SEPARATOR = 0x1e;
const LINE_FEED = 0x0a;

/**
 * What a JSON text sequence says, each of its texts a frame. Throws `InvalidSpec` where anything else is in it, half a
 * frame too.
 */
export function readFrames(sequence: Uint8Array): Frame[] {
  const bytes = Buffer.from(sequence.buffer, sequence.byteOffset, sequence.byteLength);
  const frames: Frame[] = [];
  for (let at = 0; at < bytes.length; ) {
    const end = bytes.indexOf(LINE_FEED, at);
    if (bytes[at] !== SEPARATOR || end === -1) throw unreadable(frames.length);
    const frame = parseFrame(bytes.toString("utf8", at + 1, end));
    if (frame === undefined) throw unreadable(frames.length);
    frames.push(frame);
    at = end + 1;
  }
  return frames;
}

/** `content` says the frames, compressed or not. Throws `InvalidSpec` where they are none that can be one batch. */
export function frameBatch(frames: readonly Frame[], content: Uint8Array, gzip: boolean): FrameBatch {
  const [first, last] = [frames[0], frames.at(-1)];
  if (first === undefined || last === undefined)
    throw new ExecError("InvalidSpec", "there is no frame in it");
  for (const [index, { seq, type }] of frames.entries()) {
    if (seq !== first.seq + index)
      throw new ExecError("InvalidSpec", `frame ${seq} comes after frame ${first.seq + index - 1}`);
    if (type === "job.finished" && index < frames.length - 1)
      throw new ExecError("InvalidSpec", "there are frames after the end of the job");
  }
  const final = last.type === "job.finished";
  return { frames, firstSeq: first.seq, lastSeq: last.seq, final, gzip, content };
}

/** The frames of it after this number: there must be one. */
export function framesAfter({ frames }: FrameBatch, seq: number): FrameBatch {
  const rest = frames.filter((frame) => frame.seq > seq);
  return frameBatch(rest, Buffer.from(rest.map(encodeFrame).join("")), false);
}

function unreadable(index: number): ExecError {
  return new ExecError("InvalidSpec", `the JSON text number ${index + 1} is no frame`);
}
