import { rmSync } from "node:fs";
import { arch, availableParallelism, hostname, platform } from "node:os";
import { join, resolve } from "node:path";
import { lazyServices } from "../../artifacts/lazy-services.ts";
import { ConcurrencyGroups } from "../../builds/concurrency-groups.ts";
import { resolveInputs } from "../../builds/resolve-inputs.ts";
import { runBuild } from "../../builds/run-build.ts";
import { systemClock } from "../../clock.ts";
import { refusalOfLabels } from "../../executors/docker/labels.ts";
import { LazyExecutor } from "../../executors/lazy-executor.ts";
import { baseEnvironment } from "../../executors/local/base-env.ts";
import { sweepDeadRuns } from "../../executors/local/dead-runs.ts";
import { JobFolders, type JobFoldersOptions } from "../../executors/local/job-folders.ts";
import { LocalExecutor } from "../../executors/local/local-executor.ts";
import { memoryFolder } from "../../executors/local/memory-folder.ts";
import { thisMachine } from "../../executors/local/this-machine.ts";
import { overrideGithub, withRun } from "../../github-context/github-context.ts";
import { isJsonObject, jsonAt, textAt } from "../../github-context/merge-json.ts";
import type { JsonObject } from "../../json.ts";
import { readIfThere, reusableWorkflows } from "../../pipelines/reusable-workflows.ts";
import type { ExitCode } from "../exit-code.ts";
import type { Io } from "../io.ts";
import { wantsColor } from "../output/color.ts";
import { secretHider } from "../output/hide-secrets.ts";
import { checkReferences } from "../project/check-references.ts";
import { hasErrors } from "../project/load-pipeline.ts";
import type { Project } from "../project/open-project.ts";
import { diagnosticsText } from "../project/print-diagnostics.ts";
import { parseMatrixFilter } from "../settings/name-value.ts";
import { jobLimit, localActions, type RunOptionValues, type RunValues } from "../settings/run-values.ts";
import { UsageError } from "../usage-error.ts";
import { openView } from "../view/open-view.ts";
import { executorChooser } from "./choose-executor.ts";
import { failedStepShell } from "./failed-step-shell.ts";
import { watchInterrupts } from "./interrupts.ts";
import { newRunId, nextRunNumber } from "./next-run-number.ts";
import { BrokenPipelines, type PlannedPipeline, type RunPlan } from "./plan-run.ts";
import { parsePlatforms } from "./platforms.ts";
import { type PipelineRun, runPipelines } from "./run-pipelines.ts";
import { userFolders } from "./user-folders.ts";
import { withGivenEnv } from "./with-given-env.ts";

/** From so many steps on, what makes each of them cheaper is worth its own cost. */
const MANY_STEPS = 24;

export interface RunRequest {
  readonly plan: RunPlan;
  readonly values: RunOptionValues;
  readonly outside: RunValues;
  readonly project: Project;
  /** --eventpath. */
  readonly given: JsonObject | undefined;
  readonly io: Io;
}

/** The composition root of `slipway run`: builds the parts, runs the plan, takes everything down again. */
export async function startRun(request: RunRequest): Promise<ExitCode> {
  const { plan, values, outside, project, io } = request;
  const at = (path: string) => resolve(project.folder, path);
  const host = { platform: platform(), arch: arch() };
  const platforms = parsePlatforms(values.platform);
  const maxJobs = jobLimit(values["concurrent-jobs"], availableParallelism());
  const only = { jobs: plan.jobs, matrix: parseMatrixFilter(values.matrix) };
  const local = localActions(values["local-action"], project.folder);
  await checkCalledWorkflows(plan, project.root, io);
  const runs = plan.pipelines.map((pipeline, index) => preparePipeline(pipeline, index, request));
  const hide = await secretHider(Object.values(outside.secrets));
  reportInputProblems(runs.flatMap(({ problems }) => problems.map(hide)));

  const home = userFolders(io.env);
  const actionCache = at(values["action-cache-path"] ?? join(home.cache, "actions"));
  const swept = sweepDeadRuns(home.temp);
  const folders = makeFolders({
    temp: home.temp,
    toolCache: io.env.RUNNER_TOOL_CACHE ?? join(home.cache, "tools"),
    actionCache,
    name: plan.facts.name,
    bound: values.bind ? project.root : undefined,
    // What is kept to be looked at belongs in one place.
    memory: values.keep ? undefined : memoryFolder(io.pid),
    keep: values.keep,
  });
  const services = lazyServices({
    directory: at(values["artifact-server-path"] ?? join(home.state, "artifacts")),
    cacheDirectory: at(values["cache-server-path"] ?? join(home.cache, "caches")),
    clock: () => io.clock.now(),
  });
  const view = await openView(values, io, join(home.state, "logs"), runs[0]?.buildId ?? "");
  const interrupts = watchInterrupts(io, () => view.cancelling());
  const actionsUrl =
    values["actions-url"] ??
    (values["github-instance"] === undefined ? "https://github.com" : `https://${values["github-instance"]}`);
  const token = outside.secrets.GITHUB_TOKEN;
  const actions = {
    url: /^[a-z+]+:\/\/|^[^/]+@[^/]+:/i.test(actionsUrl) ? actionsUrl : at(actionsUrl),
    local,
    offline: values.offline,
    bundled: io.bundledActions,
    ...(token === undefined ? {} : { token }),
  };
  const checkout = {
    builtin: !values["no-builtin-checkout"],
    repository: `${plan.facts.owner}/${plan.facts.name}`,
    serverUrl: plan.facts.serverUrl,
    source: { kind: "worktree" as const, path: project.root },
    bound: values.bind,
  };
  const baseEnv = baseEnvironment(io.env, outside.hiddenEnv, outside.env);
  const executor = new LocalExecutor({
    mode: "in-process",
    labels: [...platforms.local],
    ...(io.spawner === undefined ? {} : { spawner: io.spawner }),
    expectsMany: stepCount(plan) >= MANY_STEPS,
    ...(values["shell-on-failure"] ? { onStepFailed: failedStepShell(io, view) } : {}),
  });
  const socketFolder = join(home.temp, `slipway-s${io.pid}`);
  const containers = new LazyExecutor({
    name: "docker",
    sharesFolders: true,
    refuses: (needs) => refusalOfLabels(needs, Object.fromEntries(platforms.images)),
    open: async () => {
      const { containerExecutor } = await import("./container-executor.ts");
      return containerExecutor({
        images: platforms.images,
        daemon: values["container-daemon-socket"],
        pull: values.pull,
        socketFolder,
        io,
        clock: systemClock,
      });
    },
  });
  const code = await runPipelines(
    runs,
    {
      vars: outside.vars,
      secrets: outside.secrets,
      chooseExecutor: executorChooser({
        local: executor,
        containers,
        beside: executor,
        host,
        platforms,
        strict: values.strict,
      }),
      only,
      strict: values.strict,
      concurrency: new ConcurrencyGroups(),
      loadWorkflow: reusableWorkflows({
        readOwn: (path) => readIfThere(join(project.root, path)),
        actions,
        checkout,
        actionCache,
        env: baseEnv,
        now: () => io.clock.now(),
        log: (line) => {
          if (values.verbose) view.note(line);
        },
      }),
      maxJobs,
      baseEnv,
      machine: { name: hostname(), ...thisMachine(host), environment: "self-hosted", nodePath: io.nodePath },
      actions,
      checkout,
      debug: values.verbose,
      workspaceOwner: io.user,
      keep: values.keep,
    },
    { runBuild, services, view, interrupts, folders, io },
  ).finally(async () => {
    interrupts.stop();
    await containers.close();
    rmSync(socketFolder, { recursive: true, force: true });
  });
  await swept;
  return code;
}

function makeFolders(options: JobFoldersOptions): JobFolders {
  try {
    return new JobFolders(options);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new UsageError(message, "Set TMPDIR to a folder that can be written.");
  }
}

/** As they are written: a matrix is not looked into, nor which jobs will be skipped. */
function stepCount({ pipelines }: RunPlan): number {
  const jobs = pipelines.flatMap(({ pipeline }) => pipeline.spec.jobs);
  return jobs.reduce((sum, job) => sum + (job.kind === "call" ? 0 : job.steps.length), 0);
}

/** Mistakes in called workflows stop the run before anything of it has started. */
async function checkCalledWorkflows(plan: RunPlan, root: string, io: Io): Promise<void> {
  const chosen = plan.pipelines.map(({ pipeline }) => pipeline);
  if (!chosen.some(({ spec }) => spec.jobs.some(({ kind }) => kind === "call"))) return;
  const checked = (await checkReferences(chosen, root, false)).filter(hasErrors);
  if (checked.length === 0) return;
  io.stderr.write(`${await diagnosticsText(checked, wantsColor(io.env, io.stderr))}\n`);
  throw new BrokenPipelines("called workflows have mistakes");
}

function preparePipeline(
  { pipeline, github }: PlannedPipeline,
  index: number,
  { plan, outside, given, io }: RunRequest,
): PipelineRun & { readonly problems: readonly string[] } {
  const { spec, file } = pipeline;
  const buildId = newRunId(io.clock.now(), io.pid, index);
  const fromEvent = jsonAt(given, "inputs");
  const typed = isJsonObject(fromEvent) ? textValues(fromEvent) : {};
  const { inputs, eventInputs, problems } = resolveInputs(spec, { ...typed, ...outside.inputs });
  const repository = textAt(github, "repository") ?? plan.facts.name;
  const runNumber = nextRunNumber(userFolders(io.env).state, repository, file, buildId);
  const event = jsonAt(github, "event");
  const isDispatch = textAt(github, "event_name") === "workflow_dispatch";
  const withInputs =
    isJsonObject(event) && isDispatch ? { ...github, event: { ...event, inputs: eventInputs } } : github;
  return {
    buildId,
    spec: withGivenEnv(spec, outside.env),
    github: overrideGithub(withRun(withInputs, { runId: buildId, runNumber }), outside.env),
    inputs,
    problems: problems.map((problem) => (plan.pipelines.length === 1 ? problem : `${file}: ${problem}`)),
  };
}

function textValues(object: JsonObject): { [name: string]: string } {
  return Object.fromEntries(
    Object.entries(object).map(([name, value]) => [
      name,
      typeof value === "string" ? value : value === null ? "" : JSON.stringify(value),
    ]),
  );
}

function reportInputProblems(problems: readonly string[]): void {
  if (problems.length === 0) return;
  throw new UsageError(
    problems.length === 1 ? (problems[0] ?? "") : `The inputs have mistakes:\n  ${problems.join("\n  ")}`,
    "Inputs are given with --input name=value.",
  );
}
