// Compares what the parser cases of actions/languageservices say of a workflow with a WorkflowSpec.
import { isDeepStrictEqual } from "node:util";
import type { JobSpec, StepSpec, WorkflowSpec } from "../../src/spec/workflow-spec.ts";

/** Tokens as the cases write them: scalars as they are, or objects by `type`. */
interface ExpectedToken {
  readonly type: number;
  readonly lit?: string;
  readonly expr?: string;
  readonly num?: number;
  readonly bool?: boolean;
  readonly seq?: readonly unknown[];
  readonly map?: readonly { readonly Key: unknown; readonly Value: unknown }[];
}

export interface ExpectedWorkflow {
  readonly [key: string]: unknown;
}

/** Names of facts, as the cases call them, and where a spec has them. */
const WORKFLOW_FACTS = ["env", "defaults", "concurrency"];
const STEPS_JOB_FACTS: Readonly<Record<string, string>> = {
  env: "env",
  "runs-on": "runsOn",
  container: "container",
  services: "services",
  outputs: "outputs",
  concurrency: "concurrency",
  environment: "environment",
  "timeout-minutes": "timeoutMinutes",
  "cancel-timeout-minutes": "cancelTimeoutMinutes",
  "continue-on-error": "continueOnError",
};
const CALL_JOB_FACTS: Readonly<Record<string, string>> = {
  ref: "uses",
  concurrency: "concurrency",
  "input-values": "with",
  "secret-values": "secrets",
};
const STEP_FACTS: Readonly<Record<string, string>> = {
  run: "run",
  uses: "uses",
  with: "with",
  env: "env",
  shell: "shell",
  "working-directory": "workingDirectory",
  "continue-on-error": "continueOnError",
  "timeout-minutes": "timeoutMinutes",
  wait: "wait",
  cancel: "cancel",
};

export function factDifferences(expected: ExpectedWorkflow, spec: WorkflowSpec): string[] {
  const differences: string[] = [];
  const same = (where: string, wanted: unknown, got: unknown) => {
    if (isDeepStrictEqual(wanted, got)) return;
    differences.push(`${where}: expected ${JSON.stringify(wanted)}, got ${JSON.stringify(got)}`);
  };
  for (const fact of WORKFLOW_FACTS) {
    if (!(fact in expected)) continue;
    const got = fact === "defaults" ? runDefaults(spec.defaults) : plain(spec[fact as "env" | "concurrency"]);
    same(fact, plainExpected(expected[fact]), got);
  }
  const jobs = (expected.jobs ?? []) as readonly ExpectedWorkflow[];
  same(
    "jobs",
    jobs.map(({ id }) => plainExpected(id)),
    spec.jobs.map(({ id }) => id),
  );
  for (const [index, job] of jobs.entries()) {
    const got = spec.jobs[index];
    if (got) compareJob(job, got, same);
  }
  return differences;
}

type Same = (where: string, wanted: unknown, got: unknown) => void;

function compareJob(expected: ExpectedWorkflow, job: JobSpec, same: Same): void {
  const where = `job ${job.id}`;
  const fields = job as unknown as ExpectedWorkflow;
  same(`${where}: kind`, expected.type === "job" ? "steps" : "call", job.kind);
  same(`${where}: name`, plainExpected(expected.name), plain(job.name ?? job.id));
  same(`${where}: needs`, ((expected.needs ?? []) as unknown[]).map(plainExpected), job.needs);
  same(`${where}: if`, plainExpected(expected.if), { expr: job.if?.source ?? "success()" });
  if ("strategy" in expected) same(`${where}: strategy`, plainExpected(expected.strategy), strategyOf(job));
  if ("inherit-secrets" in expected) same(`${where}: secrets`, "inherit", fields.secrets);
  const facts = job.kind === "steps" ? STEPS_JOB_FACTS : CALL_JOB_FACTS;
  for (const [fact, property] of Object.entries(facts)) {
    if (fact in expected) same(`${where}: ${fact}`, plainExpected(expected[fact]), plain(fields[property]));
  }
  if (job.kind !== "steps") return;
  if ("defaults" in expected) {
    same(`${where}: defaults`, plainExpected(expected.defaults), runDefaults(job.defaults));
  }
  compareSteps(where, (expected.steps ?? []) as ExpectedWorkflow[], job.steps, same);
}

function compareSteps(
  where: string,
  expected: readonly ExpectedWorkflow[],
  steps: readonly StepSpec[],
  same: Same,
): void {
  same(`${where}: number of steps`, expected.length, steps.length);
  for (const [index, step] of steps.entries()) {
    const wanted = expected[index] ?? {};
    const at = `${where}: step ${index + 1}`;
    const fields = step as unknown as ExpectedWorkflow;
    const id = String(plainExpected(wanted.id));
    // Ids with two underscores are made up by GitHub's parser for steps without one.
    same(`${at}: id`, id.startsWith("__") ? undefined : id, step.id);
    if ("if" in wanted) {
      const source = "if" in step ? step.if?.source : undefined;
      same(`${at}: if`, plainExpected(wanted.if), { expr: source ?? "success()" });
    }
    if ("name" in wanted && (step.kind === "run" || step.kind === "uses")) {
      same(`${at}: name`, plainExpected(wanted.name), plain(step.name));
    }
    if ("background" in wanted) same(`${at}: background`, wanted.background, fields.background);
    if ("wait-all" in wanted) same(`${at}: kind`, "wait-all", step.kind);
    if (step.kind === "parallel") {
      compareSteps(at, (wanted.parallel ?? []) as ExpectedWorkflow[], step.steps, same);
    }
    for (const [fact, property] of Object.entries(STEP_FACTS)) {
      if (fact in wanted) same(`${at}: ${fact}`, plainExpected(wanted[fact]), plain(fields[property]));
    }
  }
}

function strategyOf({ strategy }: JobSpec): unknown {
  const { matrix, failFast, maxParallel } = strategy ?? {};
  return ordered([
    ["fail-fast", failFast],
    ["max-parallel", maxParallel],
    ["matrix", matrix],
  ]);
}

function runDefaults(defaults: WorkflowSpec["defaults"]): unknown {
  const run = ordered([
    ["shell", defaults?.shell],
    ["working-directory", defaults?.workingDirectory],
  ]);
  return { map: [["run", run]] };
}

function ordered(entries: readonly (readonly [string, unknown])[]): unknown {
  const given = entries.filter(([, value]) => value !== undefined);
  return { map: given.map(([key, value]) => [key, plain(value)]).sort(byKey) };
}

function byKey([a]: readonly unknown[], [b]: readonly unknown[]): number {
  return JSON.stringify(a) < JSON.stringify(b) ? -1 : 1;
}

/** A spec has these as expressions, for JSON cannot say them; the cases have them as texts. */
const NUMBERS = new Set(["Infinity", "-Infinity", "NaN"]);

/** Both sides in one form: scalars, `{expr}`, `{seq}`, `{map}` with sorted keys. */
function plainExpected(value: unknown): unknown {
  if (Array.isArray(value)) return { seq: value.map(plainExpected) };
  if (value === 0) return 0;
  if (typeof value !== "object" || value === null) return value;
  const token = value as ExpectedToken;
  switch (token.type) {
    case 0:
      return token.lit;
    case 1:
      return { seq: (token.seq ?? []).map(plainExpected) };
    case 2:
      return {
        map: (token.map ?? [])
          .map(({ Key, Value }) => [plainExpected(Key), plainExpected(Value)])
          .sort(byKey),
      };
    case 3:
      return { expr: token.expr };
    case 4:
      return { insert: true };
    case 5:
      return token.bool;
    case 6:
      return token.num === 0 ? 0 : token.num;
    default:
      return null;
  }
}

function plain(value: unknown): unknown {
  if (Array.isArray(value)) return { seq: value.map(plain) };
  if (typeof value !== "object" || value === null) return value;
  const template = value as {
    kind?: string;
    source?: string;
    items?: unknown[];
    entries?: { key: unknown; value: unknown }[];
  };
  switch (template.kind) {
    case "expression":
      return NUMBERS.has(template.source ?? "") ? template.source : { expr: template.source };
    case "sequence":
      return { seq: (template.items ?? []).map(plain) };
    case "mapping":
      return {
        map: (template.entries ?? []).map(({ key, value: inner }) => [plain(key), plain(inner)]).sort(byKey),
      };
    default:
      return { insert: true };
  }
}
