import { ExecError } from "../../errors.ts";
import { suggest } from "../suggest.ts";
import { checkCron } from "../triggers/check-cron.ts";
import { compilePattern } from "../triggers/filter-pattern.ts";
import { isTimezone } from "../triggers/is-timezone.ts";
import type { ScheduleSpec, TriggerSpec } from "../workflow-spec.ts";
import { rangeOf, type TextRange } from "./problems.ts";
import type { Entry, TextNode, YamlSource } from "./yaml-source.ts";

const EVENTS = ["push", "mr", "schedule"];
/** What a `.platform.yaml` may say, and the word events carry. */
const ACTIONS: ReadonlyMap<string, string> = new Map([
  ["opened", "opened"],
  ["updated", "synchronize"],
  ["synchronize", "synchronize"],
  ["reopened", "reopened"],
  ["closed", "closed"],
  ["merged", "merged"],
]);
const SHORTEST_MINUTES = 5;

/** The triggers of `on`. A file that names none is started by every push and merge request. */
export function readTriggers(yaml: YamlSource, entry: Entry | undefined): TriggerSpec[] {
  const start = yaml.problems.position(entry?.key.range.start ?? 0);
  if (!entry) return [trigger("push", start), trigger("mr", start)];
  if (!yaml.isMapping(entry.value)) return namedEvents(yaml, entry);
  const fields = yaml.fields(entry.value, EVENTS, "on", entry.key.range) ?? new Map<string, Entry>();
  return [...fields.values()].map((event) => {
    const at = yaml.problems.position(event.key.range.start);
    switch (event.key.text) {
      case "push":
        return { ...trigger("push", at), ...readPush(yaml, event) };
      case "mr":
        return { ...trigger("mr", at), ...readMr(yaml, event) };
      default:
        return { ...trigger("schedule", at), schedules: readSchedules(yaml, event) };
    }
  });
}

function trigger(event: string, at: TriggerSpec["at"]): TriggerSpec {
  return { event, at };
}

/** `on: push` and `on: [push, mr]`. */
function namedEvents(yaml: YamlSource, entry: Entry): TriggerSpec[] {
  const names = yaml.texts(entry.value, "on", entry.key.range) ?? [];
  return names.flatMap(({ text, range }) => {
    if (text === "push" || text === "mr") return [trigger(text, yaml.problems.position(range.start))];
    const meant = suggest(text, EVENTS);
    const hint = text === "schedule" ? "schedule needs its cron lines: 'schedule: [{cron: …}]'" : undefined;
    yaml.problems.add(range, "unknown-event", `'${text}' cannot start a pipeline like this`, {
      hint: hint ?? (meant ? `Did you mean '${meant}'?` : `Known events: ${EVENTS.join(", ")}`),
    });
    return [];
  });
}

function readPush(yaml: YamlSource, { key, value }: Entry): { branches?: string[] } {
  if (yaml.isEmpty(value)) return {};
  const branches = yaml.fields(value, ["branches"], "push", key.range)?.get("branches");
  if (!branches) return {};
  const patterns = yaml.texts(branches.value, "The branches of push", branches.key.range) ?? [];
  for (const pattern of patterns) checkPattern(yaml, pattern);
  if (patterns.length > 0 && patterns.every(({ text }) => text.startsWith("!"))) {
    yaml.problems.add(
      branches.key.range,
      "schema",
      "The branches of push only take out, and let nothing in",
      {
        hint: "Begin with a pattern without '!', such as '**'",
      },
    );
  }
  return { branches: patterns.map(({ text }) => text) };
}

function checkPattern(yaml: YamlSource, { text, range }: TextNode): void {
  try {
    compilePattern(text);
  } catch (error) {
    if (!(error instanceof ExecError)) throw error;
    yaml.problems.add(range, "pattern", error.message);
  }
}

function readMr(yaml: YamlSource, { key, value }: Entry): { types?: string[] } {
  if (yaml.isEmpty(value)) return {};
  const actions = yaml.fields(value, ["actions"], "mr", key.range)?.get("actions");
  if (!actions) return {};
  const named = yaml.texts(actions.value, "The actions of mr", actions.key.range) ?? [];
  const types = named.flatMap(({ text, range }) => {
    const type = ACTIONS.get(text);
    if (type !== undefined) return [type];
    const meant = suggest(text, ACTIONS.keys());
    const hint = meant ? `Did you mean '${meant}'?` : `Known actions: ${[...ACTIONS.keys()].join(", ")}`;
    yaml.problems.add(range, "schema", `There is no action '${text}' of mr`, { hint });
    return [];
  });
  return { types: [...new Set(types)] };
}

function readSchedules(yaml: YamlSource, { key, value }: Entry): ScheduleSpec[] {
  const items = yaml.isMapping(value) ? [value] : (yaml.items(value, "schedule", key.range) ?? []);
  if (items.length === 0 && yaml.isSequence(value)) {
    yaml.problems.add(key.range, "schema", "schedule has no cron line", {
      hint: "Add '- cron: \"0 5 * * *\"'",
    });
  }
  return items.flatMap((item) => {
    const range = item ? rangeOf(item) : key.range;
    const fields = yaml.fields(item, ["cron", "timezone"], "A schedule", range);
    return fields ? readSchedule(yaml, fields, range) : [];
  });
}

function readSchedule(
  yaml: YamlSource,
  fields: ReadonlyMap<string, Entry>,
  range: TextRange,
): ScheduleSpec[] {
  const read = (key: string) => {
    const field = fields.get(key);
    return field && yaml.text(field.value, `The ${key} of a schedule`, field.key.range);
  };
  const cron = read("cron");
  const timezone = read("timezone");
  if (!fields.has("cron")) {
    yaml.problems.add({ start: range.start, end: range.start + 1 }, "missing-key", "A schedule has no cron", {
      hint: "Add 'cron: \"0 5 * * *\"'",
    });
  }
  if (timezone && !isTimezone(timezone.text)) {
    yaml.problems.add(timezone.range, "schema", `There is no time zone '${timezone.text}'`, {
      hint: "Use an IANA name, such as Europe/Berlin",
    });
  }
  if (!cron) return [];
  const check = checkCron(cron.text);
  if (check.problem !== undefined) {
    yaml.problems.add(cron.range, "cron", check.problem, { hint: check.hint });
  } else if (check.shortestMinutes < SHORTEST_MINUTES) {
    yaml.problems.add(
      cron.range,
      "cron",
      `'${cron.text}' runs more often than every ${SHORTEST_MINUTES} minutes`,
      {
        severity: "warning",
      },
    );
  }
  return [{ cron: cron.text, ...(timezone ? { timezone: timezone.text } : {}) }];
}
