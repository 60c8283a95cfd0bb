import { randomFillSync } from "node:crypto";

const random = new Uint8Array(10);
let lastMs = 0;
let counter = 0;

/**
 * A new id: a UUID of version 7 (RFC 9562), so that ids made later sort later, also within a millisecond of one process.
 * `now` is Unix time in milliseconds.
 */
export function newId(now: number): string {
  const ms = Math.max(Math.trunc(now), lastMs);
  counter = ms === lastMs ? counter + 1 : 0;
  lastMs = counter > 0xfff ? ms + 1 : ms;
  if (counter > 0xfff) counter = 0;
  randomFillSync(random);
  const time = lastMs.toString(16).padStart(12, "0");
  const variant = (0x80 | ((random[0] ?? 0) & 0x3f)).toString(16);
  const rest = Buffer.from(random.subarray(1, 8)).toString("hex");
  return `${time.slice(0, 8)}-${time.slice(8)}-7${counter.toString(16).padStart(3, "0")}-${variant}${rest.slice(0, 2)}-${rest.slice(2)}`;
}
