import { EXIT, type ExitCode } from "../exit-code.ts";
import { graphDot, graphJson, graphMermaid } from "../graph/graph-formats.ts";
import { graphText } from "../graph/graph-text.ts";
import { jobGraph } from "../graph/job-node.ts";
import type { Io } from "../io.ts";
import { GRAPH } from "../options/command-specs.ts";
import { parseOptions } from "../options/parse-options.ts";
import { palette, wantsColor } from "../output/color.ts";
import { loadTextWidth } from "../output/text-width.ts";
import { lookAtPipelines, pipelineName, type SoundPipeline } from "../project/sound-pipelines.ts";
import { UsageError } from "../usage-error.ts";

const FORMATS = ["text", "mermaid", "dot", "json"];

/** `slipway graph`. */
export async function graph(args: readonly string[], io: Io): Promise<ExitCode> {
  const { values, positionals } = parseOptions(GRAPH, args);
  if (values.help) return (await import("./help.ts")).help([GRAPH.name], io);
  const format = values.format ?? "text";
  if (!FORMATS.includes(format)) throw new UsageError(`--format ${format} is none of ${FORMATS.join(", ")}.`);
  const { sound, broken } = await lookAtPipelines(values, positionals, io);
  if (format !== "text" && sound.length > 1) {
    throw new UsageError(
      `--format ${format} draws one pipeline, and there are ${sound.length}.`,
      `Name one: ${sound.map(({ file }) => file).join(", ")}`,
    );
  }
  // Boxes only meet where every character's width is known.
  if (format === "text") await loadTextWidth();
  for (const [index, pipeline] of sound.entries()) {
    if (index > 0) await io.stdout.write("\n");
    await io.stdout.write(draw(pipeline, format, sound.length > 1, io));
  }
  return broken.length > 0 ? EXIT.usage : EXIT.ok;
}

function draw(pipeline: SoundPipeline, format: string, several: boolean, io: Io): string {
  const jobs = jobGraph(pipeline.spec);
  const name = pipelineName(pipeline);
  switch (format) {
    case "mermaid":
      return graphMermaid(jobs);
    case "dot":
      return graphDot(jobs, name);
    case "json":
      return graphJson(jobs, pipeline.file, name);
    default: {
      const style = palette(wantsColor(io.env, io.stdout));
      const title = several ? `${style.bold(name)} ${style.dim(pipeline.file)}\n` : "";
      return `${title}${graphText(jobs, io.stdout.isTTY ? io.stdout.columns : 100, style)}`;
    }
  }
}
