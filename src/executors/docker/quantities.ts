const BYTES = /^(\d+(?:\.\d+)?)\s*([bkmgt]?)(?:i?b)?$/i;
const POWERS: { readonly [unit: string]: number } = { "": 0, b: 0, k: 1, m: 2, g: 3, t: 4 };
const NANOSECONDS: { readonly [unit: string]: number } = {
  ns: 1,
  us: 1e3,
  µs: 1e3,
  ms: 1e6,
  s: 1e9,
  m: 60e9,
  h: 3600e9,
};

/** `512m`, `1.5g`, `1073741824`: units of 1024, as docker's. Undefined for another text. */
export function parseBytes(text: string): number | undefined {
  const found = BYTES.exec(text.trim());
  if (found === null) return undefined;
  return Math.round(Number(found[1]) * 1024 ** (POWERS[(found[2] ?? "").toLowerCase()] ?? 0));
}

/** A duration of Go's, in nanoseconds: `10s`, `1m30s`, `500ms`; also `0`. Undefined for another text. */
export function parseDuration(text: string): number | undefined {
  if (text === "0") return 0;
  if (!/^(\d+(\.\d+)?(ns|us|µs|ms|s|m|h))+$/.test(text)) return undefined;
  let sum = 0;
  for (const [, amount, unit = ""] of text.matchAll(/(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h)/g))
    sum += Number(amount) * (NANOSECONDS[unit] ?? 0);
  return Math.round(sum);
}

/** As `512 MB`; binary units. */
export function bytesText(bytes: number): string {
  const units = ["B", "KB", "MB", "GB", "TB"];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${Number(value.toFixed(1))} ${units[unit]}`;
}
