import type { EndedJob } from "../build-fact.ts";

/** GitHub's limits on the outputs of jobs, in bytes; it counts UTF-16. */
const OF_JOB = 1024 ** 2;
const OF_BUILD = 50 * 1024 ** 2;

/** Holds the outputs of a build's jobs to the limits: a job that goes beyond them fails, without its outputs. */
export class OutputLimits {
  #bytes = 0;

  /** The end of a job, as it counts; a build that is resumed counts those of its facts again. */
  take(end: EndedJob): EndedJob {
    const bytes = sizeOf(end.outputs);
    if (bytes > OF_JOB) {
      return refused(end, `Its outputs are ${mebibytes(bytes)}, a job may have ${mebibytes(OF_JOB)}`);
    }
    if (this.#bytes + bytes > OF_BUILD) {
      return refused(
        end,
        `With its outputs those of the build are ${mebibytes(this.#bytes + bytes)}, a build may have ${mebibytes(OF_BUILD)}`,
      );
    }
    this.#bytes += bytes;
    return end;
  }
}

function refused(end: EndedJob, why: string): EndedJob {
  const error = end.error === undefined ? `${why}.` : `${end.error}\n${why}.`;
  return { ...end, outcome: end.outcome === "cancelled" ? "cancelled" : "failure", outputs: {}, error };
}

function sizeOf(outputs: EndedJob["outputs"]): number {
  let characters = 0;
  for (const [name, value] of Object.entries(outputs)) characters += name.length + value.length;
  return characters * 2;
}

function mebibytes(bytes: number): string {
  return `${(bytes / 1024 ** 2).toFixed(1)} MB`;
}
