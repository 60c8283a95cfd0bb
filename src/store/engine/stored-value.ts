/**
 * A value as both engines keep it: PostgreSQL keeps no NUL in text, so one is U+FFFD in both; numbers are whole; what is
 * absent is null.
 */
export function storedValue(value: unknown): unknown {
  if (typeof value === "string") return value.includes("\0") ? value.replaceAll("\0", "\ufffd") : value;
  if (typeof value === "number") return Number.isInteger(value) ? value : Math.round(value);
  return value ?? null;
}
