import { buildEvent } from "../../github-context/github-context.ts";
import { projectFacts } from "../event/project-facts.ts";
import { EXIT, type ExitCode } from "../exit-code.ts";
import { type JobNode, jobGraph } from "../graph/job-node.ts";
import type { Io } from "../io.ts";
import { LIST } from "../options/command-specs.ts";
import { parseOptions } from "../options/parse-options.ts";
import { type Palette, palette, wantsColor } from "../output/color.ts";
import { plainScreenText } from "../output/screen-text.ts";
import { table } from "../output/table.ts";
import { loadTextWidth } from "../output/text-width.ts";
import { isRepository, openProject } from "../project/open-project.ts";
import { lookAtPipelines, pipelineName, type SoundPipeline } from "../project/sound-pipelines.ts";
import { choosePipelines } from "../run/choose-pipelines.ts";
import { checkEvent } from "../run/read-wish.ts";

interface Started {
  readonly starts: boolean;
  readonly reason: string | undefined;
}

/** `slipway list`. */
export async function list(args: readonly string[], io: Io): Promise<ExitCode> {
  const { values, positionals } = parseOptions(LIST, args);
  if (values.help) return (await import("./help.ts")).help([LIST.name], io);
  if (values.event !== undefined) checkEvent(values.event);
  const { sound, broken } = await lookAtPipelines(values, positionals, io);
  const started =
    values.event === undefined ? undefined : await startedBy(values.event, sound, values.directory, io);
  if (values.json) await io.stdout.write(listJson(sound, started));
  else {
    await loadTextWidth();
    const style = palette(wantsColor(io.env, io.stdout));
    const columns = io.stdout.isTTY ? io.stdout.columns : 120;
    for (const [index, pipeline] of sound.entries()) {
      if (index > 0) await io.stdout.write("\n");
      await io.stdout.write(pipelineText(pipeline, started?.get(pipeline), columns, style));
    }
  }
  return broken.length > 0 ? EXIT.usage : EXIT.ok;
}

async function startedBy(
  event: string,
  pipelines: readonly SoundPipeline[],
  directory: string | undefined,
  io: Io,
): Promise<ReadonlyMap<SoundPipeline, Started>> {
  const project = openProject(directory, io);
  const found = await project.repository;
  const facts = projectFacts(isRepository(found) ? found : undefined, project.root);
  const { chosen, passed } = choosePipelines(pipelines, {
    named: false,
    jobs: [],
    event,
    triggerFor: (name, { file }) => buildEvent({ event: name, facts, file, now: io.clock.now() }).trigger,
  });
  return new Map<SoundPipeline, Started>([
    ...chosen.map(({ candidate }) => [candidate, { starts: true, reason: undefined }] as const),
    ...passed.map(({ candidate, reason }) => [candidate, { starts: false, reason }] as const),
  ]);
}

function listJson(
  pipelines: readonly SoundPipeline[],
  started: ReadonlyMap<SoundPipeline, Started> | undefined,
): string {
  const all = pipelines.map((pipeline) => {
    const { starts, reason } = started?.get(pipeline) ?? {};
    return {
      file: pipeline.file,
      name: pipelineName(pipeline),
      format: pipeline.spec.format,
      events: eventsOf(pipeline),
      ...(starts === undefined ? {} : { starts }),
      ...(reason === undefined ? {} : { reason }),
      jobs: jobGraph(pipeline.spec).nodes.map(({ id, name, needs, runsOn, uses, steps }) => ({
        id,
        name,
        needs,
        ...(runsOn === undefined ? {} : { runsOn }),
        ...(uses === undefined ? {} : { uses }),
        steps,
      })),
    };
  });
  return `${JSON.stringify({ version: 1, pipelines: all }, undefined, 2)}\n`;
}

function eventsOf({ spec }: SoundPipeline): string[] {
  return [...new Set(spec.on.map(({ event }) => event))];
}

function pipelineText(
  pipeline: SoundPipeline,
  started: Started | undefined,
  columns: number,
  style: Palette,
): string {
  const { nodes, plan } = jobGraph(pipeline.spec);
  const batch = new Map(plan.batches.flatMap((ids, index) => ids.map((id) => [id, index + 1] as const)));
  const name = pipelineName(pipeline);
  const title =
    name === pipeline.file ? style.bold(name) : `${style.bold(plainScreenText(name))}  ${pipeline.file}`;
  const sign =
    started === undefined
      ? ""
      : started.starts
        ? `  ${style.green("starts")}`
        : `  ${style.yellow(`does not start: ${started.reason}`)}`;
  const head = `${title}  ${style.dim(`on ${eventsOf(pipeline).join(", ") || "nothing"}`)}${sign}\n`;
  const rows = nodes.map((node) => [
    String(batch.get(node.id) ?? 1),
    node.id,
    node.name,
    after(node),
    what(node),
  ]);
  return head + table(["", "job", "name", "after", "runs"], rows, { columns, style, indent: "  " });
}

function after({ needs }: JobNode): string {
  return needs.join(", ");
}

function what({ runsOn, uses, steps, matrix }: JobNode): string {
  const legs = matrix === undefined ? "" : ", matrix";
  if (uses !== undefined) return `calls ${uses}${legs}`;
  return `${steps} ${steps === 1 ? "step" : "steps"} on ${runsOn}${legs}`;
}
