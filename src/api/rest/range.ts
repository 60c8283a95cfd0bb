import { RequestError } from "../problem.ts";

/**
 * The bytes that a `Range` header asks for. Undefined: all of them (none is asked for, or in a way that may be ignored:
 * several ranges, another unit). Throws `RangeNotSatisfiable` where it begins past the end.
 */
export function rangeOf(
  header: string | undefined,
  sizeBytes: number,
): { readonly start: number; readonly end: number } | undefined {
  const match = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header?.trim() ?? "");
  if (match === null) return undefined;
  const [, first = "", last = ""] = match;
  if (first === "" && last === "") return undefined;
  const start = first === "" ? Math.max(0, sizeBytes - Number(last)) : Number(first);
  const end = first === "" || last === "" ? sizeBytes - 1 : Math.min(Number(last), sizeBytes - 1);
  if (first !== "" && last !== "" && Number(last) < start) return undefined;
  if (start >= sizeBytes || (first === "" && Number(last) === 0)) {
    throw new RequestError("RangeNotSatisfiable", `The log has ${sizeBytes} bytes.`, {
      headers: { "content-range": `bytes */${sizeBytes}` },
    });
  }
  return { start, end };
}
