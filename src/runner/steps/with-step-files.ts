import { join } from "node:path";
import { declareArtifacts } from "../env-files/artifact-subjects.ts";
import { createStepFiles, isPlainFile, type StepFiles } from "../env-files/step-files.ts";
import { describeFileError } from "./describe-file-error.ts";
import type { StepExecution } from "./step-execution.ts";

/** Names a file for the step alone, and counts it among what must be untouched for the step's files to serve again. */
export type NameFile = (prefix: string, extension: string) => string;

/**
 * Runs `body` between making the step's `GITHUB_ENV`, `GITHUB_OUTPUT` and the other files, and doing what it wrote
 * into them, also when it failed.
 */
export async function withStepFiles(
  step: StepExecution,
  body: (nameFile: NameFile) => Promise<void>,
): Promise<void> {
  const { job } = step;
  const slot = job.fileSlots.take();
  const files = makeFiles(step, slot);
  const named: string[] = [];
  const nameFile: NameFile = (prefix, extension) => {
    const path = join(job.request.directories.temp, `${prefix}-${slot}${extension}`);
    named.push(path);
    return path;
  };
  // `github.output` is the path that GITHUB_OUTPUT names.
  step.extendGithub(
    Object.fromEntries(
      Object.entries(files.env).map(([name, path]) => [name.replace(/^GITHUB_/, "").toLowerCase(), path]),
    ),
  );
  try {
    await body(nameFile);
  } finally {
    if (!job.tools.cancellation.killed.aborted) await takeIn(step, files);
    if (!step.leftBehind && files.reusable() && named.every(isPlainFile)) job.fileSlots.giveBack(slot);
  }
}

function makeFiles({ job }: StepExecution, slot: number): StepFiles {
  const directory = job.commandFilesDirectory;
  try {
    return createStepFiles(directory, slot, job.artifacts);
  } catch (error) {
    throw describeFileError("The environment files of the step cannot be made", error);
  }
}

async function takeIn(step: StepExecution, files: StepFiles): Promise<void> {
  const { job, place } = step;
  const { frames, masker } = job.tools;
  const written = files.read();
  for (const { messages, failsStep } of written.errors) {
    for (const message of messages) step.log.annotate({ level: "error", message });
    if (failsStep) step.failQuietly(messages.at(-1));
  }
  for (const [name, value] of written.env) {
    place.env.set(name, value);
    step.log.debug(`${name}='${value}'`);
  }
  for (const [name, value] of written.outputs) step.setOutput(name, value);
  for (const path of written.paths) place.env.addPath(path);
  for (const [name, value] of written.state) step.saveState(name, value);
  if (written.summary !== undefined) {
    await frames.emit({ type: "summary", step: place.number, markdown: masker.text(written.summary) });
  }
  if (written.artifacts !== undefined) await takeArtifacts(step, written.artifacts);
}

async function takeArtifacts(step: StepExecution, text: string): Promise<void> {
  const { job, place } = step;
  const { frames, masker } = job.tools;
  const { added, error } = await declareArtifacts(text, job.artifacts, job.request.directories.workspace);
  if (error !== undefined) step.fail(error);
  for (const { name, digest } of added) {
    await frames.emit({ type: "artifact", step: place.number, value: masker.text(`${name}@${digest}`) });
  }
}
