import { Buffer, isUtf8 } from "node:buffer";
import type { Frame } from "./frame.ts";

/** What goes before each JSON text of a sequence (RFC 7464). */
const RECORD_SEPARATOR = "\x1e";

/**
 * One JSON text of a sequence: a record separator, JSON on one line, a line feed. The bytes of a log frame become
 * `text`, or `base64` where they are not UTF-8, in place of `data`.
 */
export function encodeFrame(frame: Frame): string {
  return `${RECORD_SEPARATOR}${JSON.stringify(frame.type === "log" ? plainLog(frame) : frame)}\n`;
}

function plainLog({ data, ...rest }: Extract<Frame, { type: "log" }>): object {
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  return isUtf8(bytes)
    ? { ...rest, text: bytes.toString("utf8") }
    : { ...rest, base64: bytes.toString("base64") };
}
