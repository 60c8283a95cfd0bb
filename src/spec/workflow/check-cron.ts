/** What is wrong with a cron line as GitHub reads it (five fields, POSIX); undefined: nothing. */
export function cronProblem(cron: string): string | undefined {
  if (cron.trim().startsWith("@")) return `'${cron.trim()}' is not supported: five fields are expected`;
  const fields = cron.trim().split(/\s+/);
  if (fields.length !== FIELDS.length) {
    return `A cron line has five fields (minute hour day month weekday), not ${fields[0] === "" ? 0 : fields.length}`;
  }
  for (const [index, field] of FIELDS.entries()) {
    const text = fields[index] ?? "";
    const problem = text
      .split(",")
      .map((item) => itemProblem(item, field))
      .find((found) => found !== undefined);
    if (problem !== undefined) return `'${text}' is no ${field.name}: ${problem}`;
  }
  return undefined;
}

/** Minutes between two runs within an hour; 60 where there is only one. GitHub starts none more often than every 5. */
export function smallestGapMinutes(cron: string): number {
  const minutes = new Set<number>();
  for (const item of (cron.trim().split(/\s+/)[0] ?? "").split(",")) {
    const [range = "", step] = item.split("/");
    const [from = "", to] = range.split("-");
    const first = from === "*" ? 0 : Number(from);
    const last = from === "*" || (step !== undefined && to === undefined) ? 59 : Number(to ?? from);
    for (let minute = first; minute <= last && minute < 60; minute += Math.max(1, Number(step ?? 1))) {
      minutes.add(minute);
    }
  }
  const sorted = [...minutes].sort((a, b) => a - b);
  const [first = 0] = sorted;
  return Math.min(60, ...sorted.map((minute, index) => (sorted[index + 1] ?? first + 60) - minute));
}

interface CronField {
  readonly name: string;
  readonly min: number;
  readonly max: number;
  readonly names?: readonly string[];
}

const FIELDS: readonly CronField[] = [
  { name: "minute", min: 0, max: 59 },
  { name: "hour", min: 0, max: 23 },
  { name: "day of the month", min: 1, max: 31 },
  {
    name: "month",
    min: 1,
    max: 12,
    names: ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"],
  },
  { name: "weekday", min: 0, max: 6, names: ["sun", "mon", "tue", "wed", "thu", "fri", "sat"] },
];

function itemProblem(item: string, field: CronField): string | undefined {
  const [range = "", step, ...more] = item.split("/");
  if (item === "" || range === "" || more.length > 0) return "a value is missing";
  if (step !== undefined && !(/^\d+$/.test(step) && Number(step) >= 1 && Number(step) <= field.max)) {
    return `'/${step}' is no step`;
  }
  if (range === "*") return undefined;
  const [from = "", to, ...rest] = range.split("-");
  if (rest.length > 0) return `'${range}' is no range`;
  const first = numberOf(from, field);
  const last = to === undefined ? first : numberOf(to, field);
  if (first === undefined) return outside(from, field);
  if (last === undefined) return outside(to ?? "", field);
  return last < first ? `'${range}' runs backwards` : undefined;
}

function numberOf(text: string, { min, max, names }: CronField): number | undefined {
  const named = names?.indexOf(text.toLowerCase()) ?? -1;
  if (named >= 0) return named + min;
  if (!/^\d+$/.test(text)) return undefined;
  const value = Number(text);
  return value >= min && value <= max ? value : undefined;
}

function outside(text: string, { min, max }: CronField): string {
  return text === "" ? "a value is missing" : `'${text}' is not between ${min} and ${max}`;
}
