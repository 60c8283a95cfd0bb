import { suggest } from "../spec/suggest.ts";
import type { TemplateMapping, TemplateValue } from "../spec/template/template-value.ts";
import type {
  CallJobSpec,
  InputSpec,
  PermissionsSpec,
  TriggerSpec,
  WorkflowSpec,
} from "../spec/workflow-spec.ts";
import { messageOf } from "./located-error.ts";
import { excessOf } from "./permission-levels.ts";
import { typedInput } from "./typed-input.ts";

/**
 * What is wrong with calling a workflow, as far as it can be told without running anything; empty where it can be
 * called. `allowed` is what the calling job may give at most, undefined where nothing was said.
 */
export function checkCall(
  call: CallJobSpec,
  called: WorkflowSpec,
  allowed: PermissionsSpec | undefined,
): readonly string[] {
  const trigger = callTrigger(called);
  if (trigger === undefined) return [`workflow_call is not among the events of ${called.file}`];
  return [
    ...checkInputs(call, trigger.inputs ?? []),
    ...checkSecrets(call, trigger),
    ...checkPermissions(called, allowed),
  ];
}

export function callTrigger(spec: WorkflowSpec): TriggerSpec | undefined {
  return spec.on.find(({ event }) => event === "workflow_call");
}

function checkInputs(call: CallJobSpec, defined: readonly InputSpec[]): readonly string[] {
  const given = literalEntries(call.with);
  const names = new Map(defined.map((input) => [input.name.toLowerCase(), input]));
  const problems: string[] = [];
  for (const { key, value } of given) {
    const input = names.get(key.toLowerCase());
    if (input === undefined) {
      problems.push(`Invalid input, ${key} is not defined in the called workflow.${meant(key, defined)}`);
    } else if (isLiteral(value)) {
      try {
        typedInput(input, value);
      } catch (error) {
        problems.push(`Input ${key}: ${messageOf(error)}`);
      }
    }
  }
  const provided = new Set(given.map(({ key }) => key.toLowerCase()));
  const open = hasOpenKeys(call.with);
  for (const { name, required } of defined) {
    if (required && !open && !provided.has(name.toLowerCase())) {
      problems.push(`Input ${name} is required, but not provided while calling.`);
    }
  }
  return problems;
}

function checkSecrets(call: CallJobSpec, trigger: TriggerSpec): readonly string[] {
  if (call.secrets === "inherit") return [];
  const defined = trigger.secrets ?? [];
  const names = new Set(defined.map(({ name }) => name.toLowerCase()));
  const given = literalEntries(call.secrets);
  const provided = new Set(given.map(({ key }) => key.toLowerCase()));
  const unknown = given.filter(({ key }) => !names.has(key.toLowerCase()));
  const open = hasOpenKeys(call.secrets);
  const missing = defined.filter(
    ({ name, required }) => required && !open && !provided.has(name.toLowerCase()),
  );
  return [
    ...unknown.map(
      ({ key }) => `Invalid secret, ${key} is not defined in the called workflow.${meant(key, defined)}`,
    ),
    ...missing.map(({ name }) => `Secret ${name} is required, but not provided while calling.`),
  ];
}

function checkPermissions(called: WorkflowSpec, allowed: PermissionsSpec | undefined): readonly string[] {
  if (allowed === undefined) return [];
  const problems: string[] = [];
  const root = called.permissions && excessOf(called.permissions, allowed);
  if (root !== undefined) {
    problems.push(`The workflow is requesting '${root.requested}', but is only allowed '${root.allowed}'.`);
  }
  for (const { id, permissions } of called.jobs) {
    const excess = permissions && excessOf(permissions, allowed);
    if (excess !== undefined) {
      problems.push(
        `The nested job '${id}' is requesting '${excess.requested}', but is only allowed '${excess.allowed}'.`,
      );
    }
  }
  return problems;
}

function meant(word: string, defined: readonly { readonly name: string }[]): string {
  const names = defined.map(({ name }) => name);
  const guess = suggest(word, names);
  if (guess !== undefined) return ` Did you mean ${guess}?`;
  return names.length === 0 ? "" : ` It has ${names.join(", ")}.`;
}

function literalEntries(mapping: TemplateMapping | undefined): { key: string; value: TemplateValue }[] {
  return (mapping?.entries ?? []).flatMap(({ key, value }) =>
    typeof key === "string" ? [{ key, value }] : [],
  );
}

/** Keys that are expressions can be any name. */
function hasOpenKeys(mapping: TemplateMapping | undefined): boolean {
  return mapping?.entries.some(({ key }) => typeof key !== "string") ?? false;
}

function isLiteral(value: TemplateValue): value is string | number | boolean | null {
  return typeof value !== "object" || value === null;
}
