const UNITS: ReadonlyMap<string, number> = new Map([
  ["s", 1],
  ["m", 60],
  ["h", 3_600],
  ["d", 86_400],
  ["w", 604_800],
]);
const PATTERN = /^(\d{1,6})\s*([smhdw])$/;

/** `7d`, `12h`, `30m`, `45s` or `2w` in seconds; undefined where it is none of these, or no time at all. */
export function parseExpiry(text: string): number | undefined {
  const [, count, unit] = PATTERN.exec(text.trim()) ?? [];
  const seconds = Number(count) * (UNITS.get(unit ?? "") ?? Number.NaN);
  return seconds > 0 ? seconds : undefined;
}
