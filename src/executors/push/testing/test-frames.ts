import { encodeFrame } from "../../../protocol/encode-frame.ts";
import type { Frame } from "../../../protocol/frame.ts";

export function logFrame(seq: number, text = `line ${seq}\n`): Frame {
  return { seq, at: seq, type: "log", step: 1, data: Buffer.from(text) };
}

export function finishedFrame(seq: number): Frame {
  return { seq, at: seq, type: "job.finished", result: "success", outputs: { a: "b" }, durationMs: 1 };
}

export function logFrames(from: number, to: number): Frame[] {
  return Array.from({ length: to - from + 1 }, (_, i) => logFrame(from + i));
}

export function encoded(frames: readonly Frame[]): Buffer {
  return Buffer.from(frames.map(encodeFrame).join(""));
}
