import { parseRange } from "../../artifacts/serve-blob.ts";
import { RequestError } from "../problem.ts";

/**
 * The bytes that a `Range` header asks for. Undefined: all of them (none is asked for, or in a way that may be ignored:
 * several ranges, another unit). Throws `RangeNotSatisfiable` where it begins past the end.
 */
export function rangeOf(
  header: string | undefined,
  sizeBytes: number,
): { readonly start: number; readonly end: number } | undefined {
  const range = header === undefined ? undefined : parseRange(header, sizeBytes);
  if (range !== "unsatisfiable") return range;
  throw new RequestError("RangeNotSatisfiable", `The log has ${sizeBytes} bytes.`, {
    headers: { "content-range": `bytes */${sizeBytes}` },
  });
}
