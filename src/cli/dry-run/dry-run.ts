import { resolveInputs } from "../../builds/resolve-inputs.ts";
import { textAt } from "../../github-context/merge-json.ts";
import type { JsonObject } from "../../json.ts";
import type { JobSpec, StepSpec } from "../../spec/workflow-spec.ts";
import { EXIT, type ExitCode } from "../exit-code.ts";
import { jobGraph } from "../graph/job-node.ts";
import { templateText } from "../graph/template-text.ts";
import type { Io } from "../io.ts";
import { buildSubtitle } from "../live/work-words.ts";
import { type Palette, palette, wantsColor } from "../output/color.ts";
import { secretHider } from "../output/hide-secrets.ts";
import { plainScreenText } from "../output/screen-text.ts";
import { sameId } from "../run/choose-pipelines.ts";
import type { PlannedPipeline, RunPlan } from "../run/plan-run.ts";
import type { RunOptionValues, RunValues } from "../settings/run-values.ts";
import { UsageError } from "../usage-error.ts";
import { matrixLegs } from "./matrix-legs.ts";

/** `--dryrun`: what would run, job by job and step by step, with nothing run. */
export async function dryRun(
  plan: RunPlan,
  values: RunOptionValues,
  outside: RunValues,
  io: Io,
): Promise<ExitCode> {
  const style = palette(wantsColor(io.env, io.stdout));
  const hide = await secretHider(Object.values(outside.secrets));
  const problems: string[] = [];
  for (const [index, pipeline] of plan.pipelines.entries()) {
    const { inputs, problems: mistakes } = resolveInputs(pipeline.pipeline.spec, outside.inputs);
    problems.push(...mistakes);
    const text = pipelineText(
      pipeline,
      plan.jobs,
      { inputs, vars: outside.vars, matrix: values.matrix },
      style,
    );
    await io.stdout.write(hide(`${index > 0 ? "\n" : ""}${text}`));
  }
  if (problems.length > 0)
    throw new UsageError(problems.map(hide).join("\n  "), "Inputs are given with --input name=value.");
  await io.stdout.write(style.dim("\nNothing was run.\n"));
  return EXIT.ok;
}

interface Known {
  readonly inputs: JsonObject;
  readonly vars: { readonly [name: string]: string };
  /** --matrix. */
  readonly matrix: readonly string[];
}

function pipelineText(
  { pipeline, event, github }: PlannedPipeline,
  wanted: readonly string[],
  known: Known,
  style: Palette,
): string {
  const { spec, file } = pipeline;
  const { plan } = jobGraph(spec);
  const needed = new Set(
    wanted.flatMap((id) => {
      const job = spec.jobs.find((each) => sameId(each.id, id));
      return job === undefined ? [] : [job.id, ...plan.ancestors(job.id)];
    }),
  );
  const subtitle = buildSubtitle({
    event,
    ref: textAt(github, "ref") ?? "",
    sha: textAt(github, "sha") ?? "",
    waitsFor: undefined,
  });
  const lines = [`${style.bold(plainScreenText(spec.name ?? file))}  ${style.dim(`${file} · ${subtitle}`)}`];
  const batches = plan.batches
    .map((ids) => ids.filter((id) => needed.size === 0 || needed.has(id)))
    .filter((ids) => ids.length > 0);
  for (const ids of batches)
    for (const id of ids) {
      const job = spec.jobs.find((each) => each.id === id);
      if (job !== undefined) lines.push(...jobLines(job, github, known, style));
    }
  return `${lines.join("\n")}\n`;
}

function jobLines(job: JobSpec, github: JsonObject, known: Known, style: Palette): string[] {
  const name = templateText(job.name) || job.id;
  const about = [
    ...(job.kind === "steps" ? [`on ${templateText(job.runsOn)}`] : []),
    ...(job.needs.length > 0 ? [`after ${job.needs.join(", ")}`] : []),
    ...(job.if === undefined ? [] : [`if ${job.if.source}`]),
  ].join(" · ");
  const head = `\n  ${style.cyan("●")} ${plainScreenText(name)}${name === job.id ? "" : style.dim(` (${job.id})`)}  ${style.dim(plainScreenText(about))}`;
  const legs = matrixLegs(job, { github, ...known });
  const matrix =
    legs === undefined
      ? []
      : "reason" in legs
        ? [`    ${style.dim(`matrix ${legs.reason}`)}`]
        : [
            `    ${style.dim(`matrix ${legs.suffixes.length === 0 ? "without legs" : legs.suffixes.join(" ")}`)}`,
          ];
  if (job.kind === "call") return [head, ...matrix, `    ${style.dim("calls")} ${plainScreenText(job.uses)}`];
  return [head, ...matrix, ...job.steps.flatMap((step, index) => stepLines(step, String(index + 1), style))];
}

function stepLines(step: StepSpec, number: string, style: Palette): string[] {
  const condition = "if" in step && step.if !== undefined ? style.dim(`  if ${step.if.source}`) : "";
  const line = `    ${style.dim(number.padStart(2))}  ${plainScreenText(stepTitle(step))}${plainScreenText(condition)}`;
  if (step.kind !== "parallel") return [line];
  return [line, ...step.steps.flatMap((inner, index) => stepLines(inner, `${number}.${index + 1}`, style))];
}

function stepTitle(step: StepSpec): string {
  const named = templateText(step.name);
  switch (step.kind) {
    case "run":
      return named || `Run ${templateText(step.run).trim().split("\n")[0]}`;
    case "uses":
      return named === "" ? `Run ${step.uses}` : `${named} (${step.uses})`;
    case "wait":
      return named || `Wait for ${step.wait.join(", ")}`;
    case "wait-all":
      return named || "Wait for all background steps";
    case "cancel":
      return named || `Cancel ${step.cancel}`;
    case "parallel":
      return named || "In parallel";
  }
}
