import { declareArtifacts } from "../env-files/artifact-subjects.ts";
import type { StepFiles } from "../env-files/step-files.ts";
import { describeFileError } from "./describe-file-error.ts";
import type { FileSlot } from "./file-slots.ts";
import type { StepExecution } from "./step-execution.ts";

/**
 * Runs `body` between making the step's `GITHUB_ENV`, `GITHUB_OUTPUT` and the other files, and doing what it wrote
 * into them, also when it failed.
 */
export async function withStepFiles(
  step: StepExecution,
  body: (slot: FileSlot) => Promise<void>,
): Promise<void> {
  const { job } = step;
  const slot = takeSlot(step);
  // `github.output` is the path that GITHUB_OUTPUT names.
  step.extendGithub(
    Object.fromEntries(
      Object.entries(slot.files.env).map(([name, path]) => [
        name.replace(/^GITHUB_/, "").toLowerCase(),
        path,
      ]),
    ),
  );
  try {
    await body(slot);
  } finally {
    if (!job.tools.cancellation.killed.aborted) await takeIn(step, slot.files);
    if (!step.leftBehind) job.fileSlots.giveBack(slot);
  }
}

function takeSlot({ job }: StepExecution): FileSlot {
  try {
    return job.fileSlots.take();
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
