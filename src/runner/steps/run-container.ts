import { chmodSync, mkdirSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { ExecError } from "../../errors.ts";
import type { UsesStepSpec } from "../../spec/workflow-spec.ts";
import { inputVariable } from "../actions/javascript-action.ts";
import type { FolderAction } from "../actions/resolved-action.ts";
import { idTokenEnvironment, proxyExemption, serviceEnvironment } from "../actions/service-environment.ts";
import { type ContainerCommand, containerArgv, seenInContainer } from "../containers/container-command.ts";
import type { StepImage } from "../containers/open-step-container.ts";
import { runThroughGate } from "../containers/run-through-gate.ts";
import type { Variables } from "../scope/env-scope.ts";
import { evaluateText, evaluateTexts } from "../scope/evaluate-located.ts";
import { registerPost } from "./register-post.ts";
import { needsContainers } from "./resolve-unit.ts";
import type { StepExecution } from "./step-execution.ts";
import { withStepFiles } from "./with-step-files.ts";

type DockerRuns = Extract<FolderAction["spec"]["runs"], { using: "docker" }>;

/** A process in a container of its own, as it is written. */
interface ContainerWork {
  readonly uses: string;
  readonly image: StepImage;
  readonly command: ContainerCommand;
  readonly inputs: Variables;
  /** Of the action: what the step has set itself wins. */
  readonly env: Variables;
}

/** `uses: docker://image`: `with` has the entrypoint and the arguments, and whatever else its program reads. */
export async function runImageStep(
  step: StepExecution,
  spec: UsesStepSpec,
  image: string,
  inputs: Variables,
) {
  const command = { entrypoint: input(inputs, "entrypoint"), args: input(inputs, "args") };
  await runInContainer(step, {
    uses: spec.uses,
    image: { kind: "pull", name: image },
    command,
    inputs,
    env: {},
  });
}

/** One stage of an action with `using: docker`. */
export async function runDockerAction(
  step: StepExecution,
  action: FolderAction,
  runs: DockerRuns,
  inputs: Variables,
): Promise<void> {
  const { stage, unit } = step.place;
  const file = `${action.uses}/action.yml`;
  const scope = { ...step.scope, contexts: { ...step.scope.contexts, inputs } };
  const entrypoint = {
    pre: runs.preEntrypoint,
    main: runs.entrypoint || input(inputs, "entrypoint"),
    post: runs.postEntrypoint,
  }[stage];
  if (runs.preEntrypoint !== undefined && action.local && stage === "main") {
    const message = `\`pre\` execution is not supported for local action from '${action.uses}'`;
    step.log.annotate({ level: "warning", message });
  }
  if (runs.postEntrypoint && stage !== "post") registerPost(step);
  const args = runs.args?.map((value) => evaluateText(value, scope, file)) ?? input(inputs, "args");
  await runInContainer(step, {
    uses: unit.spec.kind === "uses" ? unit.spec.uses : action.uses,
    image: imageOf(action, runs.image),
    command: { ...(entrypoint === undefined ? {} : { entrypoint }), args },
    inputs,
    env: evaluateTexts(runs.env, scope, file),
  });
}

async function runInContainer(step: StepExecution, work: ContainerWork): Promise<void> {
  const { job, log } = step;
  const { uses, image, command } = work;
  if (job.stepContainers === undefined) throw needsContainers(job, uses);
  await withStepFiles(step, async (slot) => {
    const stepWorkspace = job.request.containers?.stepWorkspace ?? job.request.directories.workspace;
    const env = containerEnv(step, work, stepWorkspace);
    shareWithOthers(Object.values(slot.files.env));
    const container = await job.stepContainers?.open({
      uses,
      image,
      signal: step.signal,
      log: (line) => log.line(line),
    });
    if (container === undefined) throw needsContainers(job, uses);
    try {
      const argv = containerArgv(command, container.config, image.kind === "pull" ? image.name : uses);
      log.line(`##[command]${argv.map(shellWord).join(" ")}`);
      const end = await step.follow({ env, cwd: stepWorkspace }, (io) =>
        runThroughGate(container.gate, { ...io, argv, env, cwd: stepWorkspace, ended: container.ended }),
      );
      // The program itself has said why, as a rule.
      if (end.kind === "exited" && end.code !== 0 && !end.cancelled) {
        step.failQuietly(`The container of '${uses}' ended with exit code ${end.code}.`);
      }
    } finally {
      container.close();
    }
  });
}

/** All that the pipeline and the runner set: nothing of the machine, whose PATH and HOME mean nothing there. */
function containerEnv(
  step: StepExecution,
  work: ContainerWork,
  stepWorkspace: string,
): Record<string, string> {
  const { job } = step;
  const { directories, services } = job.request;
  const { workspace } = directories;
  const env: Record<string, string> = { ...work.env, ...step.pipelineEnv() };
  env.HOME = homeFolder(directories.temp);
  for (const [name, value] of Object.entries(step.place.unit.state)) env[`STATE_${name}`] = value;
  for (const [name, value] of Object.entries(work.inputs)) env[inputVariable(name)] = value;
  if (services !== undefined) {
    Object.assign(env, serviceEnvironment(services), idTokenEnvironment(services), proxyExemption(env));
  }
  for (const [name, value] of Object.entries(env)) {
    env[name] = seenInContainer(value, workspace, stepWorkspace);
  }
  return env;
}

/** As on GitHub all containers of a job have one home, and what one leaves there the next finds. */
function homeFolder(temp: string): string {
  const home = join(temp, "_github_home");
  mkdirSync(home, { recursive: true });
  shareWithOthers([home]);
  return home;
}

/** The container's user may be another than the runner's. */
function shareWithOthers(paths: readonly string[]): void {
  for (const path of paths) {
    const mode = statSync(path).isDirectory() ? 0o777 : 0o666;
    if ((statSync(path).mode & mode) !== mode) chmodSync(path, mode);
  }
}

function imageOf(action: FolderAction, image: string): StepImage {
  if (/^docker:\/\//i.test(image)) return { kind: "pull", name: image.slice("docker://".length) };
  const dockerfile = join(action.directory, image);
  if (statSync(dockerfile, { throwIfNoEntry: false })?.isFile() !== true) {
    throw new ExecError(
      "NotFound",
      `'${dockerfile}', which '${action.uses}' names as its \`image\`, is no file. An image is written as 'docker://name'.`,
    );
  }
  return { kind: "build", context: dirname(dockerfile), dockerfile };
}

/** Names of inputs are compared without regard to case. */
function input(inputs: Variables, name: string): string {
  return Object.entries(inputs).find(([key]) => key.toLowerCase() === name)?.[1] ?? "";
}

function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
