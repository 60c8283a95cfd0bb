import { randomFillSync } from "node:crypto";

/** Asked for in one go for many ids: asking costs more than what is given. */
const random = Buffer.alloc(8 * 256);
let used = random.length;
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
  if (used === random.length) {
    randomFillSync(random);
    used = 0;
  }
  const time = lastMs.toString(16).padStart(12, "0");
  const variant = (0x80 | ((random[used] ?? 0) & 0x3f)).toString(16);
  const rest = random.toString("hex", used + 1, used + 8);
  used += 8;
  return `${time.slice(0, 8)}-${time.slice(8)}-7${counter.toString(16).padStart(3, "0")}-${variant}${rest.slice(0, 2)}-${rest.slice(2)}`;
}
