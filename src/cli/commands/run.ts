import { EXIT, type ExitCode } from "../exit-code.ts";
import type { Io } from "../io.ts";
import { RUN } from "../options/command-specs.ts";
import { parseOptions } from "../options/parse-options.ts";
import { palette, wantsColor } from "../output/color.ts";
import { openProject } from "../project/open-project.ts";
import { BrokenPipelines, planRun } from "../run/plan-run.ts";
import { readEventFile } from "../settings/event-file.ts";
import { type RunOptionValues, readRunValues } from "../settings/run-values.ts";
import { UsageError } from "../usage-error.ts";

/** `slipway run`. */
export async function run(args: readonly string[], io: Io): Promise<ExitCode> {
  const { values, positionals, notes } = parseOptions(RUN, args);
  if (values.help) return (await import("./help.ts")).help([RUN.name], io);
  if (values.list || values.graph) return await showInstead(values, positionals, io);
  checkOptions(values, io);

  const project = openProject(values.directory, io, values["remote-name"]);
  const given = readEventFile(values.eventpath, project.folder);
  const style = palette(wantsColor(io.env, io.stderr));
  const say = (text: string) => io.stderr.write(`${style.dim("note:")} ${text}\n`);
  for (const note of notes) say(note);
  const outside = await readRunValues(values, project.folder, io);
  try {
    const plan = await planRun({ project, values, positionals, given, io });
    for (const note of plan.notes) say(note);
    if (plan.pipelines.length === 0) {
      if (values.event !== undefined || positionals.length > 0) throw nothingStarts(plan.passed);
      for (const { file, reason } of plan.passed) say(`${file} is not started: ${reason}.`);
      say("Nothing to run. A pipeline or job that is named runs all the same: slipway run FILE.");
      return EXIT.ok;
    }
    for (const { file, reason } of plan.passed) say(`${file} is not started: ${reason}.`);
    if (values.dryrun) {
      const { dryRun } = await import("../dry-run/dry-run.ts");
      return await dryRun(plan, values, outside, io);
    }
    const { startRun } = await import("../run/start-run.ts");
    return await startRun({ plan, values, outside, project, given, io });
  } catch (error) {
    if (error instanceof BrokenPipelines) return EXIT.usage;
    throw error;
  }
}

/** What cannot be meant together, or cannot be done here. */
function checkOptions(values: RunOptionValues, io: Io): void {
  const both = (a: keyof RunOptionValues, b: keyof RunOptionValues) => {
    if (values[a] === true && values[b] === true)
      throw new UsageError(`--${a} and --${b} exclude each other.`);
  };
  both("quiet", "verbose");
  both("keep", "rm");
  both("json", "shell-on-failure");
  if (values.json && values.dryrun)
    throw new UsageError(
      "--json and --dryrun exclude each other.",
      "`slipway graph --format json` gives the plan.",
    );
  if (values["shell-on-failure"] && !(io.stdin.isTTY && io.stdout.isTTY))
    throw new UsageError("--shell-on-failure needs a terminal, and this is none.");
}

function nothingStarts(passed: readonly { readonly file: string; readonly reason: string }[]): UsageError {
  return new UsageError(
    "No pipeline is started by this event.",
    passed.map(({ file, reason }) => `  ${file}: ${reason}`).join("\n"),
  );
}

/** `--list` and `--graph`, for fingers that are used to them. */
async function showInstead(
  values: RunOptionValues,
  positionals: readonly string[],
  io: Io,
): Promise<ExitCode> {
  const shared = [
    ...values.workflows.flatMap((path) => ["--workflows", path]),
    ...(values.directory === undefined ? [] : ["--directory", values.directory]),
  ];
  if (values.graph) return (await import("./graph.ts")).graph([...shared, ...positionals], io);
  const event = values.event === undefined ? [] : ["--event", values.event];
  const json = values.json ? ["--json"] : [];
  return (await import("./list.ts")).list([...shared, ...event, ...json, ...positionals], io);
}
