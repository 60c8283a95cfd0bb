import { type LiteralToken, type Token, textEntries, textOf, textsOf } from "../template/token.ts";
import { checkCron } from "../triggers/check-cron.ts";
import { isTimezone } from "../triggers/is-timezone.ts";
import type { ScheduleSpec, TriggerSpec } from "../workflow-spec.ts";
import { type PatternKind, patternProblem } from "./check-pattern.ts";
import { type Conversion, Fields } from "./conversion.ts";
import { convertInputs, convertOutputs, convertSecrets } from "./convert-inputs.ts";

const FILTERS = [
  ["branches", "branches", "ref"],
  ["branches-ignore", "branchesIgnore", "ref"],
  ["tags", "tags", "ref"],
  ["tags-ignore", "tagsIgnore", "ref"],
  ["paths", "paths", "path"],
  ["paths-ignore", "pathsIgnore", "path"],
] as const;

const LISTS = ["types", "workflows", "names", "versions"] as const;

/** Events whose filters GitHub reads but never applies. */
const UNFILTERED: ReadonlySet<string> = new Set(["create", "delete"]);

const MIN_GAP_MINUTES = 5;

/** `on`: one event, several, or a mapping of events to what narrows them. */
export function convertTriggers(token: Token | undefined, conversion: Conversion): TriggerSpec[] {
  const triggers = new Map<string, TriggerSpec>();
  for (const key of textsOf(token)) {
    if (!triggers.has(key.value))
      triggers.set(key.value, { event: key.value, at: conversion.source.position(key.start) });
  }
  for (const { name, key, value } of textEntries(token)) {
    triggers.set(name, convertTrigger(name, key, value, conversion));
  }
  if (token?.kind === "sequence" && token.items.length === 0) {
    conversion.diagnostics.error("unexpected-value", token, "No event is named that starts this workflow");
  }
  return [...triggers.values()];
}

function convertTrigger(event: string, key: LiteralToken, value: Token, conversion: Conversion): TriggerSpec {
  const fields = new Fields(value, conversion);
  const lists = LISTS.flatMap((name) =>
    fields.has(name) ? [[name, textsOf(fields.get(name)).map((item) => item.value)]] : [],
  );
  const filters = FILTERS.flatMap(([name, property, kind]) =>
    fields.has(name) ? [[property, patterns(fields.get(name), kind, conversion)]] : [],
  );
  checkConflicts(event, fields, conversion);
  const unfiltered = UNFILTERED.has(event);
  const [ignored] = textEntries(value);
  if (unfiltered && ignored) {
    conversion.diagnostics.warning(
      "ignored-filter",
      ignored.key,
      `'${event}' has no filters: '${ignored.name}' is ignored, and every branch and tag starts this`,
      event === "create"
        ? "Use 'push' for its filters, or a condition on github.ref"
        : "Use a condition on github.event.ref",
    );
  }
  const call = event === "workflow_call";
  return {
    event,
    ...Object.fromEntries(lists),
    ...(unfiltered ? {} : Object.fromEntries(filters)),
    ...(event === "schedule" ? { schedules: convertSchedules(value, conversion) } : {}),
    ...(call || event === "workflow_dispatch"
      ? { inputs: convertInputs(fields.get("inputs"), conversion) }
      : {}),
    ...(call ? { secrets: convertSecrets(fields.get("secrets"), conversion) } : {}),
    ...(call ? { outputs: convertOutputs(fields.get("outputs"), conversion) } : {}),
    at: conversion.source.position(key.start),
  };
}

function patterns(token: Token | undefined, kind: PatternKind, { diagnostics }: Conversion): string[] {
  const tokens = textsOf(token);
  let sound = true;
  for (const item of tokens) {
    const problem = patternProblem(item.value, kind);
    if (problem?.severity === "error") {
      diagnostics.error("bad-pattern", item, problem.message);
      sound = false;
    } else if (problem) diagnostics.warning("dead-pattern", item, problem.message);
  }
  const [first] = tokens;
  if (first && sound && tokens.every((item) => item.value.startsWith("!"))) {
    const message = "There are only patterns with '!': nothing will ever match";
    diagnostics.warning(
      "only-negative-patterns",
      first,
      message,
      "Put '**' in front of them, or use the '-ignore' filter",
    );
  }
  return tokens.map((item) => item.value);
}

function checkConflicts(event: string, fields: Fields, { diagnostics }: Conversion): void {
  for (const name of ["branches", "tags", "paths"]) {
    const ignored = fields.key(`${name}-ignore`);
    if (!fields.has(name) || !ignored) continue;
    const message = `'${name}' and '${name}-ignore' cannot both be given for '${event}'`;
    diagnostics.error("filter-conflict", ignored, message, `Use '${name}' with patterns that start with '!'`);
  }
}

function convertSchedules(token: Token, conversion: Conversion): ScheduleSpec[] {
  if (token.kind !== "sequence") return [];
  return token.items.flatMap((item) => {
    const fields = new Fields(item, conversion);
    const cron = fields.get("cron");
    const line = textOf(cron);
    if (!cron || line === undefined) return [];
    checkSchedule(cron, line, fields, conversion);
    return [{ cron: line, ...fields.text("timezone", "timezone") }];
  });
}

function checkSchedule(cron: Token, line: string, fields: Fields, { diagnostics }: Conversion): void {
  const check = checkCron(line);
  if (check.problem !== undefined) {
    diagnostics.error(
      "bad-cron",
      cron,
      check.problem,
      check.hint ?? "For example '30 5 * * 1-5': at 5:30 from Monday to Friday",
    );
  } else if (check.shortestMinutes < MIN_GAP_MINUTES) {
    const message = `GitHub starts a schedule at most every ${MIN_GAP_MINUTES} minutes`;
    diagnostics.warning("frequent-cron", cron, message);
  }
  const zone = fields.get("timezone");
  const name = textOf(zone);
  if (zone && name !== undefined && !isTimezone(name)) {
    diagnostics.error(
      "bad-timezone",
      zone,
      `There is no time zone '${name}'`,
      "Names are IANA's, such as 'Europe/Berlin'",
    );
  }
}
