import { buildPlan } from "../../graph/build-plan.ts";
import type { GraphProblem } from "../../graph/graph-problem.ts";
import type { ParsedPipeline, PipelineFile } from "../pipeline-file.ts";
import type { StepsJobSpec } from "../workflow-spec.ts";
import { checkTexts } from "./check-texts.ts";
import { compileStep } from "./compile-step.ts";
import { jobIdsFor } from "./job-ids.ts";
import type { PlatformStep } from "./platform-step.ts";
import { readArtifacts } from "./read-artifacts.ts";
import { readSteps } from "./read-steps.ts";
import { readTriggers } from "./read-triggers.ts";
import { readWorkspace } from "./read-workspace.ts";
import { YamlSource } from "./yaml-source.ts";

const KEYS = ["on", "pipeline", "artifacts", "workspace"];
const START = { start: 0, end: 1 };

/**
 * Reads a `.platform.yaml`: each of its steps becomes a job that clones the commit and runs the step's commands. A
 * step without `depends_on` waits for the step before it. All mistakes are told at once, in the order of the file.
 */
export function parsePlatform({ path, content }: PipelineFile): ParsedPipeline {
  const yaml = new YamlSource(path, content);
  if (!yaml.root) return { diagnostics: yaml.diagnostics.toArray() };
  const fields = yaml.fields(yaml.root, KEYS, "The file", START);
  if (fields && !fields.has("pipeline")) {
    yaml.diagnostics.error(
      "missing-key",
      START,
      "The file has no pipeline",
      "Add 'pipeline:' with its steps",
    );
  }
  const on = fields ? readTriggers(yaml, fields.get("on")) : [];
  const steps = readSteps(yaml, fields?.get("pipeline"));
  const artifacts = readArtifacts(yaml, fields?.get("artifacts"));
  const workspace = readWorkspace(yaml, fields?.get("workspace"));
  for (const step of steps) checkTexts(yaml, step);
  checkGraph(yaml, steps);
  const ids = jobIdsFor(steps.map(({ name }) => name.text));
  const idsByName = new Map(steps.map(({ name }, index) => [name.text, ids[index] ?? ""]));
  const jobs = steps.map((step, index): StepsJobSpec => {
    const needs = new Set(needsOf(steps, index).flatMap((name) => idsByName.get(name) ?? []));
    return compileStep(yaml, step, { id: ids[index] ?? "", needs: [...needs], artifacts });
  });
  const diagnostics = yaml.diagnostics.toArray();
  return yaml.diagnostics.hasErrors
    ? { diagnostics }
    : {
        diagnostics,
        spec: {
          ...{ file: path, format: "platform", on, jobs, artifacts },
          ...(workspace === undefined ? {} : { workspace }),
        },
      };
}

/** Names of the steps that a step waits for. */
function needsOf(steps: readonly PlatformStep[], index: number): string[] {
  const named = steps[index]?.dependsOn?.map(({ text }) => text);
  const before = steps[index - 1];
  return named ?? (before ? [before.name.text] : []);
}

function checkGraph(yaml: YamlSource, steps: readonly PlatformStep[]): void {
  const nodes = steps.map(({ name }, index) => ({ id: name.text, needs: needsOf(steps, index) }));
  const counts = new Map<string, number>();
  for (const problem of buildPlan(nodes).problems) tellProblem(yaml, steps, problem, counts);
}

function tellProblem(
  yaml: YamlSource,
  steps: readonly PlatformStep[],
  problem: GraphProblem,
  repeats: Map<string, number>,
): void {
  const byName = (name: string) => steps.filter((step) => step.name.text === name);
  switch (problem.kind) {
    case "duplicate-id": {
      const repeat = (repeats.get(problem.id) ?? 0) + 1;
      repeats.set(problem.id, repeat);
      const range = byName(problem.id)[repeat]?.name.range ?? START;
      yaml.diagnostics.error("duplicate-id", range, `There are two steps named '${problem.id}'`);
      break;
    }
    case "unknown-needs": {
      const need = byName(problem.id)[0]?.dependsOn?.find(({ text }) => text === problem.need);
      const hint = problem.suggestion && `Did you mean '${problem.suggestion}'?`;
      const message = `depends_on of step '${problem.id}': there is no step '${problem.need}'`;
      yaml.diagnostics.error(
        "unknown-needs",
        need?.range ?? START,
        message,
        hint ?? `Steps: ${steps.map(({ name }) => name.text).join(", ")}`,
      );
      break;
    }
    case "cycle": {
      const [first = "", second] = problem.path;
      const step = byName(first)[0];
      const need = step?.dependsOn?.find(({ text }) => text === second);
      const waitsForBefore = problem.path.some((name) => byName(name)[0]?.dependsOn === undefined);
      const message = `These steps wait for each other: ${problem.path.join(" → ")}`;
      yaml.diagnostics.error(
        "cycle",
        need?.range ?? step?.name.range ?? START,
        message,
        waitsForBefore
          ? "A step without depends_on waits for the step before it; 'depends_on: []' waits for none"
          : undefined,
      );
      break;
    }
  }
}
