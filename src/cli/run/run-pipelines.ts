import type { Services } from "../../artifacts/services.ts";
import type { StoredArtifact } from "../../artifacts/stored-artifact.ts";
import type { BuildEvent } from "../../builds/build-event.ts";
import type { BuildEnd, BuildOptions } from "../../builds/build-options.ts";
import type { JobFolders } from "../../executors/local/job-folders.ts";
import type { JsonObject } from "../../json.ts";
import type { ActionSources, CheckoutSource } from "../../protocol/job-request.ts";
import type { WorkflowSpec } from "../../spec/workflow-spec.ts";
import { EXIT, type ExitCode } from "../exit-code.ts";
import type { Io } from "../io.ts";
import { hideInEvent, secretHider } from "../output/hide-secrets.ts";
import type { RunView } from "../view/run-view.ts";
import type { Interrupts } from "./interrupts.ts";
import { UnusedMatrixKeys } from "./unused-matrix-keys.ts";

/** The parts a run is made of; a test puts its own in the place of the real ones. */
export interface RunParts {
  readonly runBuild: (options: BuildOptions) => Promise<BuildEnd>;
  readonly services: Services;
  readonly view: RunView;
  readonly interrupts: Interrupts;
  readonly folders: JobFolders;
  readonly io: Io;
}

/** One pipeline to run, with everything that is its own. */
export interface PipelineRun {
  readonly buildId: string;
  readonly spec: WorkflowSpec;
  readonly github: JsonObject;
  readonly inputs: JsonObject;
}

export interface SharedSettings
  extends Pick<
    BuildOptions,
    "vars" | "secrets" | "chooseExecutor" | "only" | "strict" | "concurrency" | "loadWorkflow"
  > {
  readonly maxJobs: number;
  readonly baseEnv: { readonly [name: string]: string };
  readonly machine: BuildOptionsRunner;
  readonly actions: ActionSources;
  readonly checkout: CheckoutSource;
  readonly debug: boolean;
  /** Who runs it; absent where there are no users. */
  readonly workspaceOwner: { readonly uid: number; readonly gid: number } | undefined;
  readonly keep: boolean;
}

type BuildOptionsRunner = Awaited<ReturnType<BuildOptions["jobEnvironment"]>>["runner"];

/** Runs pipelines side by side, shows them, gathers what they made, and says how it went. */
export async function runPipelines(
  runs: readonly PipelineRun[],
  shared: SharedSettings,
  parts: RunParts,
): Promise<ExitCode> {
  const { view, interrupts, services, folders } = parts;
  const maxJobs = Math.max(1, Math.ceil(shared.maxJobs / runs.length));
  const unused = new UnusedMatrixKeys(shared.only?.matrix);
  const hide = await secretHider(Object.values(shared.secrets));
  const ends = await Promise.all(
    runs.map((run) => runOne(run, { ...shared, maxJobs }, parts, { unused, hide })),
  );
  const artifacts: StoredArtifact[] = [];
  for (const { buildId } of runs) {
    const found = await services.listArtifacts(buildId).catch((error: unknown) => {
      view.note(`The artifacts cannot be listed: ${error instanceof Error ? error.message : String(error)}`);
      return [];
    });
    artifacts.push(...found);
  }
  await services.close();
  await folders.close();
  await view.end({ artifacts, keptFolder: shared.keep ? folders.root : undefined });
  if (interrupts.cancel.aborted) return EXIT.cancelled;
  for (const note of unused.notes()) view.note(note);
  const ran = ends
    .flatMap(({ jobs }) => jobs)
    .some(({ kind, result }) => kind === "job" && result !== "skipped");
  if (!ran && shared.only?.jobs?.length) {
    view.note("Nothing was run: every job that was asked for is skipped.");
    return EXIT.failed;
  }
  return ends.every(({ result }) => result === "success") ? EXIT.ok : EXIT.failed;
}

async function runOne(
  run: PipelineRun,
  shared: SharedSettings,
  parts: RunParts,
  { unused, hide }: { readonly unused: UnusedMatrixKeys; readonly hide: (text: string) => string },
): Promise<BuildEnd> {
  const { buildId, spec, github, inputs } = run;
  const { view, interrupts, services, folders, io } = parts;
  // Where each job of a .platform.yaml pipeline worked: its artifacts are looked for there at the end.
  const workspaces = new Map<string, string>();
  const collects = spec.artifacts.length > 0;
  const sink = (said: BuildEvent): void | Promise<void> => {
    const event = hideInEvent(said, hide);
    unused.see(event);
    if (event.type === "job.finished" && !collects) folders.release(buildId, event.job);
    if (event.type === "build.finished" && collects)
      return collect(run, workspaces, parts).then(() => view.sink(event));
    return view.sink(event);
  };
  return parts.runBuild({
    spec,
    buildId,
    github,
    inputs,
    vars: shared.vars,
    secrets: shared.secrets,
    chooseExecutor: shared.chooseExecutor,
    jobEnvironment: (job) => {
      const directories = folders.directoriesFor(
        buildId,
        job.sharesWorkspace === true ? { ...job, sharedBy: buildId } : job,
      );
      if (collects) workspaces.set(job.jobId, directories.workspace);
      return {
        baseEnv: shared.baseEnv,
        directories,
        runner: shared.machine,
        actions: shared.actions,
        checkout: shared.checkout,
        debug: shared.debug,
        ...(shared.workspaceOwner === undefined ? {} : { workspaceOwner: shared.workspaceOwner }),
      };
    },
    ...(shared.loadWorkflow === undefined ? {} : { loadWorkflow: shared.loadWorkflow }),
    services,
    maxJobs: shared.maxJobs,
    ...(shared.only === undefined ? {} : { only: shared.only }),
    ...(shared.strict === undefined ? {} : { strict: shared.strict }),
    ...(shared.concurrency === undefined ? {} : { concurrency: shared.concurrency }),
    sink,
    signal: interrupts.cancel,
    kill: interrupts.kill,
    clock: io.clock,
  });
}

/** Keeps the `artifacts` of a .platform.yaml: of each the files of the last job, in the file's order, that has some. */
async function collect(
  { buildId, spec }: PipelineRun,
  workspaces: ReadonlyMap<string, string>,
  { services, view }: RunParts,
): Promise<void> {
  const ordered = spec.jobs.map(({ id }) => workspaces.get(id)).filter((path) => path !== undefined);
  for (const artifact of spec.artifacts) {
    let problem = `no job of it ran`;
    for (const workspace of ordered.toReversed()) {
      try {
        const report = await services.collectArtifacts({ buildId, workspace, specs: [artifact] });
        problem = report.problems.join("; ");
        if (report.artifacts.length > 0) break;
      } catch (error) {
        problem = error instanceof Error ? error.message : String(error);
      }
    }
    if (problem !== "") view.note(`The artifact "${artifact.name}" was not kept: ${problem}`);
  }
}
