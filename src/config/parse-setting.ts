import type { Address, Setting } from "./setting.ts";

export type ParsedSetting = { readonly value: unknown } | { readonly problem: string };

const DURATIONS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};
const SIZES: Readonly<Record<string, number>> = {
  "": 1,
  b: 1,
  k: 1024,
  kb: 1000,
  kib: 1024,
  m: 1024 ** 2,
  mb: 1000 ** 2,
  mib: 1024 ** 2,
  g: 1024 ** 3,
  gb: 1000 ** 3,
  gib: 1024 ** 3,
};

/** Reads the text of one setting. The problem says what is expected, and repeats no secret. */
export function parseSetting(setting: Setting, text: string): ParsedSetting {
  const shown = setting.hidden === undefined ? `"${text}"` : "this";
  switch (setting.kind) {
    case "text":
      return { value: text };
    case "url":
      return url(setting, text, shown);
    case "number":
      return /^-?\d+$/.test(text) ? ranged(setting, Number(text), "") : bad(shown, "a whole number");
    case "switch":
      if (/^(true|yes|on|1)$/i.test(text)) return { value: true };
      if (/^(false|no|off|0)$/i.test(text)) return { value: false };
      return bad(shown, "true or false");
    case "choice":
      return setting.values?.includes(text) ? { value: text } : bad(shown, oneOf(setting.values));
    case "list": {
      const items = text
        .split(",")
        .map((item) => item.trim())
        .filter((item) => item !== "");
      const unknown = items.find((item) => setting.values !== undefined && !setting.values.includes(item));
      if (unknown !== undefined) return bad(`"${unknown}"`, oneOf(setting.values));
      if (setting.values !== undefined && items.length === 0)
        return bad(shown, `at least ${oneOf(setting.values)}`);
      return { value: [...new Set(items)] };
    }
    case "duration":
      return measured(
        setting,
        text,
        shown,
        /^(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)$/i,
        DURATIONS,
        "a duration such as 30s, 5m or 7d",
        " ms",
      );
    case "size":
      return measured(
        setting,
        text,
        shown,
        /^(\d+(?:\.\d+)?)\s*(|b|[kmg](?:i?b)?)$/i,
        SIZES,
        "a size such as 512KiB, 10MiB or 2GiB",
        " bytes",
      );
    case "address":
      return address(text, shown);
  }
}

function measured(
  setting: Setting,
  text: string,
  shown: string,
  form: RegExp,
  units: Readonly<Record<string, number>>,
  expected: string,
  unit: string,
): ParsedSetting {
  const match = form.exec(text);
  const factor = units[match?.[2]?.toLowerCase() ?? "?"];
  if (match === null || factor === undefined) return bad(shown, expected);
  return ranged(setting, Math.round(Number(match[1]) * factor), unit);
}

function ranged(
  { min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY }: Setting,
  value: number,
  unit: string,
): ParsedSetting {
  if (value < min) return { problem: `${value}${unit} is too little: at least ${min}${unit}` };
  if (value > max) return { problem: `${value}${unit} is too much: at most ${max}${unit}` };
  return { value };
}

function url({ values = [] }: Setting, text: string, shown: string): ParsedSetting {
  const expected = `an address beginning with ${values.map((scheme) => `${scheme}://`).join(" or ")}`;
  if (!URL.canParse(text)) return bad(shown, expected);
  const scheme = new URL(text).protocol.slice(0, -1);
  return values.includes(scheme) ? { value: text } : bad(shown, expected);
}

function address(text: string, shown: string): ParsedSetting {
  const match = /^(?:(\[[0-9a-f:.]+\]|[^\s:[\]]*):)?(\d{1,5})$/i.exec(text);
  const port = Number(match?.[2]);
  if (match === null || port > 65_535) return bad(shown, "host:port, such as 127.0.0.1:8080 or [::]:8080");
  const host = match[1] === undefined || match[1] === "" ? "127.0.0.1" : match[1].replace(/^\[|\]$/g, "");
  const value: Address = { host, port };
  return { value };
}

function bad(shown: string, expected: string): ParsedSetting {
  return { problem: `${shown} is not ${expected}` };
}

function oneOf(values: readonly string[] = []): string {
  return `one of ${values.join(", ")}`;
}
