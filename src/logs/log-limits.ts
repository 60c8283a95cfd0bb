/** How much of a log is kept. What goes beyond is cut, once, with a note in the log. */
export interface LogLimits {
  readonly maxStepBytes: number;
  /** Of all logs of one attempt at a build together. */
  readonly maxBuildBytes: number;
}

export const DEFAULT_LOG_LIMITS: LogLimits = {
  maxStepBytes: 512 * 1024 * 1024,
  maxBuildBytes: 4 * 1024 * 1024 * 1024,
};

/** The last line of a log that was cut. `newLine`: it follows text that does not end a line. */
export function cutNote(what: "step" | "build", maxBytes: number, newLine: boolean): Uint8Array {
  const text = `[slipway: the rest of this log is not kept: the limit of ${size(maxBytes)} for one ${what} is reached]\n`;
  return Buffer.from(newLine ? `\n${text}` : text);
}

const NOTE = /\[slipway: the rest of this log is not kept: the limit of [^\n]* is reached\]\n$/;

/** True of a log whose last bytes are these: it was cut before. */
export function endsWithCutNote(tail: Uint8Array): boolean {
  return NOTE.test(Buffer.from(tail.subarray(Math.max(0, tail.length - 200))).toString("latin1"));
}

/**
 * How many bytes of this chunk may stay so that no character is cut in two: at most `room`, but for the rest of a
 * character that began in the chunk before.
 */
export function keepWholeCharacters(data: Uint8Array, room: number): number {
  let begun = 0;
  while (begun < 3 && isContinuation(data[begun])) begun += 1;
  let keep = Math.min(Math.max(room, 0), data.length);
  if (keep === data.length) return keep;
  for (let back = 0; back < 3 && keep > begun && isContinuation(data[keep]); back += 1) keep -= 1;
  return Math.max(keep, begun);
}

function isContinuation(byte: number | undefined): boolean {
  return byte !== undefined && (byte & 0xc0) === 0x80;
}

function size(bytes: number): string {
  for (const [unit, factor] of [
    ["GiB", 1024 ** 3],
    ["MiB", 1024 ** 2],
    ["KiB", 1024],
  ] as const) {
    if (bytes >= factor) return `${Number((bytes / factor).toFixed(1))} ${unit}`;
  }
  return `${bytes} bytes`;
}
