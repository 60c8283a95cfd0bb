const DECIMAL = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
const HEX = /^0x[\da-fA-F]+$/;
const OCTAL = /^0o[0-7]+$/;
const INFINITY = /^([+-]?)infinity$/i;
const INT32 = 2 ** 32;

/**
 * A string as GitHub's expressions read a number, both in their source and when they coerce: like JavaScript's
 * `Number`, but hexadecimal and octal are 32 bit integers with a sign and there is no binary. NaN where it is none.
 */
export function parseNumber(text: string): number {
  const trimmed = text.trim();
  if (trimmed === "") return 0;
  if (DECIMAL.test(trimmed)) return Number(trimmed);
  if (HEX.test(trimmed) || OCTAL.test(trimmed)) {
    const value = Number(trimmed);
    return value < INT32 ? value | 0 : Number.NaN;
  }
  const infinity = INFINITY.exec(trimmed);
  if (infinity) return infinity[1] === "-" ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  return Number.NaN;
}
