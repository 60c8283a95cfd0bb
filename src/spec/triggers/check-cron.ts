/** What a cron line means, or why it means nothing. */
export type CronCheck =
  | { readonly problem: string; readonly hint?: string }
  | {
      readonly problem?: undefined;
      /** The values of each field, sorted; undefined: `*`. */
      readonly fields: CronFields;
      /** The shortest time between two runs within an hour, in minutes; 60 where it runs once an hour at most. */
      readonly shortestMinutes: number;
    };

interface CronFields {
  readonly minute: readonly number[] | undefined;
  readonly hour: readonly number[] | undefined;
  readonly dayOfMonth: readonly number[] | undefined;
  readonly month: readonly number[] | undefined;
  readonly dayOfWeek: readonly number[] | undefined;
}

interface Field {
  readonly key: keyof CronFields;
  readonly title: string;
  readonly min: number;
  readonly max: number;
  /** Three-letter names, the first standing for `min`. */
  readonly names?: readonly string[];
}

const FIELDS: readonly Field[] = [
  { key: "minute", title: "minute", min: 0, max: 59 },
  { key: "hour", title: "hour", min: 0, max: 23 },
  { key: "dayOfMonth", title: "day of the month", min: 1, max: 31 },
  {
    key: "month",
    title: "month",
    min: 1,
    max: 12,
    names: "jan feb mar apr may jun jul aug sep oct nov dec".split(" "),
  },
  {
    key: "dayOfWeek",
    title: "day of the week",
    min: 0,
    max: 6,
    names: "sun mon tue wed thu fri sat".split(" "),
  },
];
const PART = /^(?:\*|(\w+)(?:-(\w+))?)(?:\/(\d+))?$/;
const HOUR_MINUTES = 60;

/** GitHub's cron: five fields as in POSIX, with `*`, lists, ranges, steps, and names of months and days. */
export function checkCron(cron: string): CronCheck {
  const words = cron.trim().split(/\s+/);
  if (cron.trim().startsWith("@")) {
    return {
      problem: `'${cron}' is not supported`,
      hint: "Write it in five fields, '@daily' as '0 0 * * *'",
    };
  }
  if (words.length !== FIELDS.length) {
    const count = cron.trim() === "" ? 0 : words.length;
    return {
      problem: `'${cron}' has ${count} fields, not 5`,
      hint: "The fields are minute, hour, day of the month, month and day of the week",
    };
  }
  const fields: { -readonly [K in keyof CronFields]?: CronFields[K] } = {};
  for (const [index, field] of FIELDS.entries()) {
    const word = words[index] ?? "";
    const values = word === "*" ? undefined : readField(word, field);
    if (typeof values === "string") return { problem: `'${cron}': ${values}`, ...hintFor(word, field) };
    fields[field.key] = values;
  }
  return { fields: fields as CronFields, shortestMinutes: shortestGap(fields.minute) };
}

/** The values, or what is wrong. */
function readField(word: string, field: Field): number[] | string {
  const values = new Set<number>();
  for (const part of word.split(",")) {
    const match = PART.exec(part);
    if (!match) return `'${part}' is no ${field.title}`;
    const [, fromWord, toWord, stepWord] = match;
    const from = fromWord === undefined ? field.min : readValue(fromWord, field);
    // As in `20/15`: from 20 on, every 15.
    const last =
      fromWord === undefined || (stepWord !== undefined && toWord === undefined) ? field.max : from;
    const to = toWord === undefined ? last : readValue(toWord, field);
    const step = stepWord === undefined ? 1 : Number(stepWord);
    if (from === undefined || to === undefined) {
      return `'${part}' is no ${field.title} (${field.min} to ${field.max})`;
    }
    if (from > to) return `the range '${part}' of the ${field.title} runs backwards`;
    if (step === 0) return `the step of '${part}' is 0`;
    for (let value = from; value <= to; value += step) values.add(value);
  }
  return [...values].sort((a, b) => a - b);
}

function readValue(word: string, { min, max, names }: Field): number | undefined {
  const named = names?.indexOf(word.toLowerCase()) ?? -1;
  const value = named >= 0 ? named + min : /^\d+$/.test(word) ? Number(word) : Number.NaN;
  return value >= min && value <= max ? value : undefined;
}

function hintFor(word: string, field: Field): { hint?: string } {
  if (field.key === "dayOfWeek" && /\b7\b/.test(word)) return { hint: "Sunday is 0" };
  return /[?LW#]/.test(word) ? { hint: "'?', 'L', 'W' and '#' are not part of POSIX cron" } : {};
}

function shortestGap(minutes: readonly number[] | undefined): number {
  if (!minutes) return 1;
  const next = (index: number) => minutes[index + 1] ?? (minutes[0] ?? 0) + HOUR_MINUTES;
  return Math.min(HOUR_MINUTES, ...minutes.map((minute, index) => next(index) - minute));
}
