/** The fields that make a stored record sound. */
interface RecordShape {
  readonly texts: readonly string[];
  readonly numbers: readonly string[];
}

/** A record of format 1 with these fields; undefined: somebody else's file, a later format, or broken. */
export function readRecord(json: string, { texts, numbers }: RecordShape): object | undefined {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    return undefined;
  }
  if (typeof value !== "object" || value === null) return undefined;
  const record = value as Readonly<Record<string, unknown>>;
  const sound =
    record.format === 1 &&
    texts.every((key) => typeof record[key] === "string") &&
    numbers.every((key) => Number.isFinite(record[key]));
  return sound ? record : undefined;
}
