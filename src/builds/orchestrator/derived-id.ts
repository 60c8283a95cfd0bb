import { hash as digest } from "node:crypto";

/**
 * The id of the `number`th thing of a kind that belongs to a record: the same however often it is made, so that a
 * change that is written again is known to be the same. A UUID of version 8 that sorts with `at` (Unix milliseconds),
 * then by number.
 */
export function derivedId(owner: string, kind: string, number: number, at: number): string {
  const hash = digest("sha256", `${owner} ${kind} ${number}`, "hex");
  const time = Math.max(0, Math.trunc(at)).toString(16).padStart(12, "0").slice(-12);
  const order = (number & 0xfff).toString(16).padStart(3, "0");
  return `${time.slice(0, 8)}-${time.slice(8)}-8${order}-a${hash.slice(0, 3)}-${hash.slice(3, 15)}`;
}
