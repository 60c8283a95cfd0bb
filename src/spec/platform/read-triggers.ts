import { ExecError } from "../../errors.ts";
import type { TextRange } from "../source-text.ts";
import { suggest } from "../suggest.ts";
import { checkCron } from "../triggers/check-cron.ts";
import { compilePattern } from "../triggers/filter-pattern.ts";
import { isTimezone } from "../triggers/is-timezone.ts";
import type { ScheduleSpec, TriggerSpec } from "../workflow-spec.ts";
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
  const start = yaml.position(entry?.key.range ?? { start: 0, end: 0 });
  if (!entry) return [trigger("push", start), trigger("mr", start)];
  if (!yaml.isMapping(entry.value)) return namedEvents(yaml, entry);
  const fields = yaml.fields(entry.value, EVENTS, "on", entry.key.range) ?? new Map<string, Entry>();
  return [...fields.values()].map((event) => {
    const at = yaml.position(event.key.range);
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
    if (text === "push" || text === "mr") return [trigger(text, yaml.position(range))];
    const meant = suggest(text, EVENTS);
    const hint = text === "schedule" ? "schedule needs its cron lines: 'schedule: [{cron: …}]'" : undefined;
    yaml.diagnostics.error(
      "unknown-event",
      range,
      `'${text}' cannot start a pipeline like this`,
      hint ?? (meant ? `Did you mean '${meant}'?` : `Known events: ${EVENTS.join(", ")}`),
    );
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
    yaml.diagnostics.error(
      "schema",
      branches.key.range,
      "The branches of push only take out, and let nothing in",
      "Begin with a pattern without '!', such as '**'",
    );
  }
  return { branches: patterns.map(({ text }) => text) };
}

function checkPattern(yaml: YamlSource, { text, range }: TextNode): void {
  try {
    compilePattern(text);
  } catch (error) {
    if (!(error instanceof ExecError)) throw error;
    yaml.diagnostics.error("pattern", range, error.message);
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
    yaml.diagnostics.error("schema", range, `There is no action '${text}' of mr`, hint);
    return [];
  });
  return { types: [...new Set(types)] };
}

function readSchedules(yaml: YamlSource, { key, value }: Entry): ScheduleSpec[] {
  const items = yaml.isMapping(value) ? [value] : (yaml.items(value, "schedule", key.range) ?? []);
  if (items.length === 0 && yaml.isSequence(value)) {
    yaml.diagnostics.error("schema", key.range, "schedule has no cron line", "Add '- cron: \"0 5 * * *\"'");
  }
  return items.flatMap((item) => {
    const range = yaml.rangeOf(item, key.range);
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
    yaml.diagnostics.error(
      "missing-key",
      { start: range.start, end: range.start + 1 },
      "A schedule has no cron",
      "Add 'cron: \"0 5 * * *\"'",
    );
  }
  if (timezone && !isTimezone(timezone.text)) {
    yaml.diagnostics.error(
      "schema",
      timezone.range,
      `There is no time zone '${timezone.text}'`,
      "Use an IANA name, such as Europe/Berlin",
    );
  }
  if (!cron) return [];
  const check = checkCron(cron.text);
  if (check.problem !== undefined) {
    yaml.diagnostics.error("cron", cron.range, check.problem, check.hint);
  } else if (check.shortestMinutes < SHORTEST_MINUTES) {
    yaml.diagnostics.warning(
      "cron",
      cron.range,
      `'${cron.text}' runs more often than every ${SHORTEST_MINUTES} minutes`,
    );
  }
  return [{ cron: cron.text, ...(timezone ? { timezone: timezone.text } : {}) }];
}
