import { resolve } from "node:path";
import type { RunStepSpec } from "../../spec/workflow-spec.ts";
import { idTokenEnvironment } from "../actions/service-environment.ts";
import { rewriteFile } from "../env-files/rewrite-file.ts";
import { type ResolvedShell, resolveShell } from "../shells/resolve-shell.ts";
import { describeFileError } from "./describe-file-error.ts";
import { firstLine } from "./display-name.ts";
import { writeEnvironment } from "./log-head.ts";
import type { StepExecution } from "./step-execution.ts";
import { withStepFiles } from "./with-step-files.ts";

const BRIGHT_CYAN = "\x1b[36;1m";
const RESET = "\x1b[0m";

/** A `run` step. Throws `ExecError` for what keeps its script from being started. */
export function runScript(step: StepExecution, spec: RunStepSpec): Promise<void> {
  return withStepFiles(step, async (slot) => {
    const { job } = step;
    const { directories, services, containers } = job.request;
    // Inside an action the job's defaults do not count.
    const defaults = step.place.enclosing === undefined ? job.defaults : {};
    const script = step.evaluate(spec.run);
    const named = (spec.shell === undefined ? "" : step.evaluate(spec.shell)) || defaults.shell || "";
    // As on GitHub a job with a container of its own gets no bash unless it asks for it.
    const shellName = named || (containers?.job === undefined ? undefined : "sh");
    const directory =
      spec.workingDirectory === undefined
        ? (defaults.workingDirectory ?? "")
        : step.evaluate(spec.workingDirectory);
    const cwd = resolve(directories.workspace, directory);
    const env = step.processEnv();
    if (services !== undefined) Object.assign(env, idTokenEnvironment(services));

    const shell = writeHead(step, spec.shown ?? script, () =>
      resolveShell(shellName, { path: env.PATH ?? "", cwd }),
    );
    const path = slot.scriptPath(shell.extension);
    try {
      rewriteFile(path, shell.prepare(script));
    } catch (error) {
      throw describeFileError("The step's script cannot be written", error);
    }
    const args = shell.args(path);
    if (job.debug) step.log.debug([shell.file, ...args].join(" "));
    const end = await step.run({ file: shell.file, args, cwd, env });
    if (end.kind === "exited" && end.code !== 0 && !end.cancelled) {
      step.fail(`Process completed with exit code ${end.code}.`);
    }
  });
}

function writeHead(step: StepExecution, shown: string, findShell: () => ResolvedShell): ResolvedShell {
  const { log } = step;
  log.line(`##[group]Run ${firstLine(shown)}`);
  try {
    for (const line of shown.replaceAll("\r\n", "\n").replace(/\n+$/, "").split("\n")) {
      log.line(`${BRIGHT_CYAN}${line}${RESET}`);
    }
    const shell = findShell();
    log.line(`shell: ${shell.display}`);
    writeEnvironment(step);
    return shell;
  } finally {
    log.line("##[endgroup]");
  }
}
