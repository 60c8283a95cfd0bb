import { convertCondition } from "../template/condition.ts";
import { templateOf } from "../template/template-of-token.ts";
import type { TemplateMapping } from "../template/template-value.ts";
import {
  type ExpressionPart,
  expressionsIn,
  type LiteralToken,
  type MappingToken,
  type Token,
  textEntries,
  textOf,
  textsOf,
} from "../template/token.ts";
import type { JobSpec } from "../workflow-spec.ts";
import { checkConcurrency } from "./check-concurrency.ts";
import { checkContainer, checkServices } from "./check-container.ts";
import { checkMinutes } from "./check-minutes.ts";
import { checkRunsOn } from "./check-runs-on.ts";
import { checkWorkflowReference } from "./check-uses.ts";
import { type Conversion, Fields } from "./conversion.ts";
import { convertDefaults } from "./convert-defaults.ts";
import { convertPermissions } from "./convert-permissions.ts";
import { convertSteps, type StepFacts } from "./convert-steps.ts";
import { convertStrategy, type Strategy } from "./convert-strategy.ts";
import { checkIdentifier } from "./identifiers.ts";

/** A job as the checks of needs and references see it. */
export interface JobFacts {
  readonly id: string;
  readonly key: LiteralToken;
  readonly needs: readonly (LiteralToken & { readonly value: string })[];
  /** Of `outputs`, in lower case; undefined where another file declares them. */
  readonly outputs?: ReadonlySet<string>;
  readonly matrixKeys?: ReadonlySet<string>;
  /** Expressions outside of its steps. */
  readonly parts: readonly ExpressionPart[];
  readonly steps: readonly StepFacts[];
}

export interface Job {
  readonly facts: JobFacts;
  /** Undefined where it is too broken to be one, which was reported. */
  readonly spec?: JobSpec;
}

export function convertJob(id: string, key: LiteralToken, token: Token, conversion: Conversion): Job {
  if (!key.bad && id !== "") checkIdentifier(key, id, conversion);
  const fields = new Fields(token, conversion);
  const needs = textsOf(fields.get("needs"));
  const condition = convertCondition(fields.get("if"), { ...conversion, impliesSuccess: true });
  const strategy = convertStrategy(fields.get("strategy"), conversion);
  checkConcurrency(fields.get("concurrency"), conversion);
  const base = {
    id,
    ...nameOf(fields),
    needs: needs.map(({ value }) => value),
    ...(condition ? { if: condition.spec } : {}),
    ...(strategy && fields.has("strategy") ? { strategy: strategy.spec } : {}),
    ...fields.template("concurrency", "concurrency"),
    ...convertPermissions(fields.get("permissions")),
    at: conversion.source.position(key.start),
  };
  const facts = {
    id,
    key,
    needs,
    ...matrixFacts(strategy),
    parts: [
      ...(token.kind === "mapping" ? partsOutsideSteps(token) : []),
      ...(fields.get("if")?.kind === "literal" ? (condition?.parts ?? []) : []),
    ],
  };
  const uses = fields.get("uses");
  if (uses?.kind === "literal") {
    return { facts: { ...facts, steps: [] }, ...callSpec(base, uses, fields, conversion) };
  }
  const steps = convertSteps(fields.get("steps"), conversion);
  const outputs = new Set(textEntries(fields.get("outputs")).map(({ name }) => name.toLowerCase()));
  checkStepsJob(id, key, token, fields, conversion);
  return {
    facts: { ...facts, outputs, steps: steps.facts },
    spec: {
      kind: "steps",
      ...base,
      runsOn: null,
      ...fields.template("runs-on", "runsOn"),
      ...fields.template("env", "env"),
      ...convertDefaults(fields.get("defaults"), conversion),
      ...fields.template("timeout-minutes", "timeoutMinutes"),
      ...fields.template("cancel-timeout-minutes", "cancelTimeoutMinutes"),
      ...fields.template("continue-on-error", "continueOnError"),
      ...fields.template("environment", "environment"),
      ...fields.template("container", "container"),
      ...fields.template("services", "services"),
      ...fields.mapping("outputs", "outputs"),
      steps: steps.specs,
    },
  };
}

type Base = Pick<JobSpec, "id" | "name" | "needs" | "if" | "strategy" | "concurrency" | "permissions" | "at">;

function callSpec(
  base: Base,
  uses: LiteralToken,
  fields: Fields,
  conversion: Conversion,
): { spec?: JobSpec } {
  const reference = textOf(uses);
  if (reference === undefined) return {};
  checkWorkflowReference(uses, reference, conversion);
  const secrets = fields.get("secrets");
  const inherit = textOf(secrets) === "inherit";
  return {
    spec: {
      kind: "call",
      ...base,
      uses: reference,
      ...fields.mapping("with", "with"),
      ...(inherit ? { secrets: "inherit" } : {}),
      ...(secrets?.kind === "mapping"
        ? { secrets: templateOf(secrets, conversion.source) as TemplateMapping }
        : {}),
    },
  };
}

/** An empty name is no name. */
function nameOf(fields: Fields) {
  const token = fields.get("name");
  return token?.kind === "literal" && token.value === "" ? {} : fields.template("name", "name");
}

function matrixFacts(strategy: Strategy | undefined): { matrixKeys?: ReadonlySet<string> } {
  return strategy?.matrixKeys ? { matrixKeys: strategy.matrixKeys } : {};
}

function partsOutsideSteps(token: MappingToken): ExpressionPart[] {
  return token.entries
    .filter(({ key }) => key.kind !== "literal" || key.value !== "steps")
    .flatMap(({ value }) => [...expressionsIn(value)])
    .flatMap(({ parts }) => parts);
}

function checkStepsJob(
  id: string,
  key: LiteralToken,
  token: Token,
  fields: Fields,
  conversion: Conversion,
): void {
  const { diagnostics } = conversion;
  const steps = fields.get("steps");
  if (
    token.kind === "mapping" &&
    fields.has("runs-on") &&
    (!steps || (steps.kind === "sequence" && steps.items.length === 0))
  ) {
    diagnostics.error(
      "no-steps",
      key,
      `The job '${id}' has no steps`,
      "Add 'steps', or 'uses' to call a workflow",
    );
  }
  const snapshot = fields.key("snapshot");
  if (snapshot) {
    diagnostics.error(
      "not-supported",
      snapshot,
      "'snapshot' is not supported: there is no machine image to take one of",
      "Remove it to run this job here",
    );
  }
  checkRunsOn(fields.get("runs-on"), conversion);
  checkMinutes(fields.get("timeout-minutes"), conversion);
  checkMinutes(fields.get("cancel-timeout-minutes"), conversion);
  checkContainer(fields.get("container"), fields.key("container"), conversion);
  checkServices(fields.get("services"), conversion);
}
