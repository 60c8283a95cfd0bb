import { basename, parse } from "node:path/posix";
import { buildTitle, workflowName } from "../builds/build-context.ts";
import { resolveInputs } from "../builds/resolve-inputs.ts";
import { selectJobs } from "../builds/select-jobs.ts";
import { ExecError } from "../errors.ts";
import type { Principal } from "../identity/principal.ts";
import { newId } from "../new-id.ts";
import { suggest } from "../spec/suggest.ts";
import type { BuildRecord } from "../store/build-record.ts";
import type { PipelineRecord, ProjectRecord } from "../store/project-record.ts";
import { buildGithub } from "./build-github.ts";
import { buildVariables } from "./build-variables.ts";
import { chooseEvent } from "./choose-event.ts";
import { discoverPipelines } from "./discover-pipelines.ts";
import { permittedProject } from "./permitted-project.ts";
import type { PipelineParts } from "./pipeline-parts.ts";
import type { StartBuildRequest } from "./pipeline-service.ts";
import { readPipeline } from "./read-pipeline.ts";

/** See `PipelineService.startPipelineBuild`. */
export async function startBuild(
  parts: PipelineParts,
  caller: Principal,
  request: StartBuildRequest,
): Promise<BuildRecord> {
  const project = await permittedProject(parts.store.projects, caller, "project:write", request.projectId);
  const before = await earlier(parts, project, request.buildId);
  if (before !== undefined) return before;
  const [pipeline, at, vars] = await Promise.all([
    choosePipeline(parts, project, request.pipeline),
    parts.repositories.resolve(project, request.gitRef ?? "HEAD"),
    buildVariables(parts.store.projects, project.id, request.vars),
  ]);
  const { spec, content } = await readPipeline(parts, project, pipeline.path, at);

  const event = chooseEvent(spec, request.event);
  const given = request.inputs ?? {};
  const describe = { event, file: pipeline.path, at, actor: caller.name, schedule: request.schedule };
  const { inputs, eventInputs, problems } = resolveInputs(spec, given, {
    event,
    contexts: { github: buildGithub(parts, project, { ...describe, inputs: {} }), vars },
  });
  const chosen = selectJobs(spec.jobs, request.onlyJobs);
  refuse([...problems, ...chosen.problems], pipeline.path);

  const github = buildGithub(parts, project, { ...describe, inputs: eventInputs });
  // Numbers of the run are known once it is recorded: a title with one is told when the build is planned.
  const isRunNamed = JSON.stringify(spec.runName ?? "").includes("run_");
  const { title } = isRunNamed ? { title: workflowName(spec) } : buildTitle(spec, { github, inputs, vars });
  return parts.executor.createBuild({
    id: request.buildId ?? newId(parts.clock.now()),
    projectId: project.id,
    pipelineId: pipeline.id,
    trigger: request.trigger ?? "api",
    actor: caller.name,
    event: event === "mr" ? "pull_request" : event,
    ref: at.ref,
    sha: at.sha,
    file: pipeline.path,
    content,
    workflow: workflowName(spec),
    title,
    github,
    inputs: { ...given },
    vars,
    ...(request.onlyJobs === undefined || request.onlyJobs.length === 0
      ? {}
      : { onlyJobs: request.onlyJobs }),
  });
}

/** The build that the same request has made before. */
async function earlier(
  { store }: PipelineParts,
  project: ProjectRecord,
  buildId: string | undefined,
): Promise<BuildRecord | undefined> {
  if (buildId === undefined) return undefined;
  if (!/^[\w-]{1,64}$/.test(buildId)) {
    throw new ExecError("InvalidSpec", "A build's id has up to 64 letters, digits, - and _.");
  }
  const build = await store.builds.get(buildId).catch((error: unknown) => {
    if (error instanceof ExecError && error.code === "NotFound") return undefined;
    throw error;
  });
  if (build === undefined || build.projectId === project.id) return build;
  throw new ExecError("Conflict", "There is a build with this id already.");
}

async function choosePipeline(
  parts: PipelineParts,
  project: ProjectRecord,
  wanted: string | undefined,
): Promise<PipelineRecord> {
  const { projects } = parts.store;
  if (wanted !== undefined) {
    const known = await projects.findPipeline(project.id, wanted).catch((error: unknown) => {
      if (error instanceof ExecError && error.code === "NotFound") return undefined;
      throw error;
    });
    if (known !== undefined) return known;
  }
  const all = await discoverPipelines(parts, project);
  const names = all.map(({ name }) => name).join(", ") || "none";
  if (wanted === undefined) {
    const [only, ...others] = all;
    if (only !== undefined && others.length === 0) return only;
    throw only === undefined
      ? new ExecError("NotFound", `Project ${project.name} has no pipelines.`)
      : new ExecError("InvalidSpec", `Say which pipeline of project ${project.name} to start: ${names}.`);
  }
  const found = all.find(({ name, path }) => name === wanted || path === wanted);
  if (found !== undefined) return found;
  // `ci.yml`, or `ci`, as people say: where no other file has the name.
  const [file, ...alike] = all.filter(({ path }) => [basename(path), parse(path).name].includes(wanted));
  if (file !== undefined && alike.length === 0) return file;
  const meant = suggest(
    wanted,
    all.flatMap(({ name, path }) => [name, path]),
  );
  const hint = meant === undefined ? `Its pipelines: ${names}.` : `Did you mean '${meant}'?`;
  throw new ExecError("NotFound", `Project ${project.name} has no pipeline '${wanted}'. ${hint}`);
}

function refuse(problems: readonly string[], file: string): void {
  if (problems.length === 0) return;
  const [first = ""] = problems;
  throw new ExecError(
    "InvalidSpec",
    problems.length === 1
      ? first
      : `The request does not fit ${file}:\n${problems.map((each) => `  ${each}`).join("\n")}`,
  );
}
