import type { Frame } from "./frame.ts";

/** One JSON text of a sequence (RFC 7464): a record separator, JSON, a line feed. */
export function encodeFrame(_frame: Frame): string {
  throw new Error("not built yet");
}
