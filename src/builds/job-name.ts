import { evaluateString } from "../spec/expressions/evaluate.ts";
import { referencedPaths } from "../spec/expressions/referenced-paths.ts";
import type { Scope } from "../spec/expressions/scope.ts";
import type { TemplateValue } from "../spec/template/template-value.ts";
import type { JobSpec } from "../spec/workflow-spec.ts";
import { readKey } from "./job-settings.ts";
import { textOf } from "./typed-value.ts";

const MAX_LENGTH = 100;
const KNOWN_AT_START: ReadonlySet<string> = new Set(["github", "inputs", "vars"]);

/**
 * The name of a leg. A name with expressions is what they give; any other, or an empty one, gets the values of the
 * matrix behind it. Throws `ExecError` (`InvalidSpec`).
 */
export function legName(spec: JobSpec, suffix: string, scope: Scope, file: string): string {
  if (hasExpression(spec.name)) {
    const name = readKey("name", spec.name, spec.at, file, scope, textOf);
    if (name !== "") return name;
  }
  return shortened(suffix === "" ? plainName(spec) : `${plainName(spec)} ${suffix}`);
}

/** The name as far as it is known before anything has run. */
export function earlyName(spec: JobSpec, scope: Scope): string {
  const { name } = spec;
  if (!hasExpression(name)) return shortened(plainName(spec));
  if (!referencedPaths(name.source).every(([root]) => KNOWN_AT_START.has(root?.toLowerCase() ?? ""))) {
    return spec.id;
  }
  try {
    return evaluateString(name, scope) || spec.id;
  } catch {
    // Said, with its place, when the job is to start.
    return spec.id;
  }
}

function plainName(spec: JobSpec): string {
  return (typeof spec.name === "string" && spec.name) || spec.id;
}

function hasExpression(
  name: TemplateValue | undefined,
): name is TemplateValue & { kind: "expression"; source: string } {
  return typeof name === "object" && name?.kind === "expression";
}

function shortened(name: string): string {
  return name.length > MAX_LENGTH ? `${name.slice(0, MAX_LENGTH - 3)}...` : name;
}
