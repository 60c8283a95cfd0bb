import { buildEvent } from "../../github-context/github-context.ts";
import { textAt } from "../../github-context/merge-json.ts";
import { NO_COMMIT, type ProjectFacts } from "../../github-context/project-facts.ts";
import type { JsonObject } from "../../json.ts";
import type { TriggerEvent } from "../../spec/triggers/trigger-event.ts";
import type { WorkflowSpec } from "../../spec/workflow-spec.ts";
import { changedPaths } from "../event/changed-paths.ts";
import { projectFacts } from "../event/project-facts.ts";
import type { Repository } from "../git/repository.ts";
import { gitIn } from "../git/run-git.ts";
import type { Io } from "../io.ts";
import { wantsColor } from "../output/color.ts";
import { findPipelineFile, namedPipelines, projectPipelines } from "../project/find-pipelines.ts";
import { hasErrors, type LoadedPipeline, loadPipelines } from "../project/load-pipeline.ts";
import { isRepository, type Project } from "../project/open-project.ts";
import { diagnosticsText } from "../project/print-diagnostics.ts";
import type { RunOptionValues } from "../settings/run-values.ts";
import { UsageError } from "../usage-error.ts";
import { type Candidate, choosePipelines } from "./choose-pipelines.ts";
import { readArguments, settleWord } from "./read-wish.ts";

export interface PlannedPipeline {
  readonly pipeline: LoadedPipeline & { readonly spec: WorkflowSpec };
  readonly event: string;
  /** The `github` context without what belongs to one run. */
  readonly github: JsonObject;
}

export interface RunPlan {
  readonly pipelines: readonly PlannedPipeline[];
  readonly passed: readonly { readonly file: string; readonly reason: string }[];
  /** Ids of jobs; empty: all. */
  readonly jobs: readonly string[];
  readonly facts: ProjectFacts;
  readonly repository: Repository | undefined;
  /** What a person should know before the run. */
  readonly notes: readonly string[];
}

export interface PlanRequest {
  readonly project: Project;
  readonly values: RunOptionValues;
  readonly positionals: readonly string[];
  /** --eventpath. */
  readonly given: JsonObject | undefined;
  readonly io: Io;
}

/** The pipelines have mistakes: they have been shown already. */
export class BrokenPipelines extends Error {
  override readonly name = "BrokenPipelines";
}

/** Which pipelines run, and for which event. Throws `UsageError`, or `BrokenPipelines` after showing the mistakes. */
export async function planRun(request: PlanRequest): Promise<RunPlan> {
  const { project, values, io } = request;
  const wish = readArguments({
    positionals: request.positionals,
    workflows: values.workflows,
    jobs: values.job,
    event: values.event,
    namedPipelines: (names) => namedPipelines(names, project.folder),
    findFile: (word) => findPipelineFile(word, project.folder, project.root),
  });
  const paths = wish.files ?? projectPipelines(project.root);
  if (paths.length === 0) throw noPipelines(project.root);
  const loaded = await loadPipelines(paths, project.root);
  const jobIds = new Set(loaded.flatMap(({ spec }) => (spec?.jobs ?? []).map(({ id }) => id.toLowerCase())));
  const word = settleWord(
    wish,
    jobIds,
    loaded.map(({ file }) => file),
  );
  const jobs = word.jobs;
  const notes = word.note === undefined ? [] : [word.note];

  const sound = loaded.filter(hasSpec);
  const wanted = jobs.length === 0 ? loaded : loaded.filter((each) => !hasErrors(each) || sound.length === 0);
  await showMistakes(wanted, io);
  if (wanted.length < loaded.length)
    notes.push(`${files(loaded.filter(hasErrors))} left aside: mistakes (see \`slipway validate\`).`);

  const found = await project.repository;
  const repository = isRepository(found) ? found : undefined;
  if (!isRepository(found)) {
    if (found.broken)
      throw new UsageError(
        `The git repository cannot be used: ${found.reason}.`,
        // Git's own cure, which its message gives only on a terminal's many lines.
        /dubious ownership/.test(found.reason)
          ? "If you trust it: git config --global --add safe.directory <its folder>"
          : undefined,
      );
    notes.push(`No git repository: ${found.reason}. The event is made up from plain defaults.`);
  }
  const facts = projectFacts(repository, project.root, {
    actor: values.actor,
    defaultBranch: values.defaultbranch,
    serverHost: values["github-instance"],
    userName: io.env.USER,
  });
  const event = word.event ?? (values["detect-event"] ? sound[0]?.spec.on[0]?.event : undefined);
  const changed = await pathsOfEvent(sound, event ?? "push", facts, request);
  const triggerFor = (name: string, candidate: Candidate): TriggerEvent => {
    const { trigger } = buildEvent({
      event: name,
      facts,
      file: candidate.file,
      given: request.given,
      now: io.clock.now(),
    });
    return changed === undefined ? trigger : { ...trigger, changedPaths: changed };
  };
  const choice = choosePipelines(sound, { named: wish.named, jobs, event, triggerFor });
  return {
    pipelines: choice.chosen.map(({ candidate, event: name, action, schedule }) => ({
      pipeline: candidate,
      event: name,
      github: buildEvent({
        event: name,
        facts,
        action,
        schedule,
        file: candidate.file,
        given: request.given,
        now: io.clock.now(),
      }).github,
    })),
    passed: choice.passed.map(({ candidate, reason }) => ({ file: candidate.file, reason })),
    jobs,
    facts,
    repository,
    notes: [...notes, ...choice.notes],
  };
}

/** Mistakes stop the run; warnings are shown and let it go on. */
async function showMistakes(loaded: readonly LoadedPipeline[], io: Io): Promise<void> {
  if (loaded.every(({ diagnostics }) => diagnostics.length === 0)) return;
  io.stderr.write(`${await diagnosticsText(loaded, wantsColor(io.env, io.stderr))}\n`);
  if (loaded.some(hasErrors)) throw new BrokenPipelines("pipelines have mistakes");
}

/** Asked of git only where a filter looks at it. */
async function pathsOfEvent(
  candidates: readonly Candidate[],
  event: string,
  facts: ProjectFacts,
  { project, given, io }: PlanRequest,
): Promise<readonly string[] | undefined> {
  const looks = candidates.some(({ spec }) =>
    spec.on.some(({ paths, pathsIgnore }) => paths !== undefined || pathsIgnore !== undefined),
  );
  if (!looks) return undefined;
  const { github } = buildEvent({ event, facts, file: "", given, now: io.clock.now() });
  const base = textAt(github.event, "before") ?? textAt(github.event, "pull_request", "base", "sha");
  if (base === undefined || base === NO_COMMIT) return undefined;
  return changedPaths(gitIn(project.root, io.env), base);
}

function hasSpec(pipeline: LoadedPipeline): pipeline is LoadedPipeline & { readonly spec: WorkflowSpec } {
  return pipeline.spec !== undefined;
}

function files(loaded: readonly LoadedPipeline[]): string {
  return loaded.map(({ file }) => file).join(", ");
}

function noPipelines(root: string): UsageError {
  return new UsageError(
    `There is no pipeline in ${root}.`,
    "Looked for .workflows/*.yml, .github/workflows/*.yml and .platform.yaml. -W names another file or folder, -C another project.",
  );
}
