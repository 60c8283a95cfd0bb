import type { RunnerClass } from "../../config/runner-classes.ts";
import type { JobRequest } from "../../protocol/job-request.ts";

/** What whoever follows a job has to know of it, kept with its Job for those who find it again. */
export interface JobTerms {
  /** For people. */
  readonly name: string;
  readonly cancelTimeoutMs: number;
  readonly unschedulableTimeoutMs: number;
  /** Other jobs may need its outputs: an end without them is none. */
  readonly outputs: boolean;
  /** Containers stand beside the job's, which would outlast it by their grace period. */
  readonly sidecars: boolean;
}

export function jobTerms(
  { displayName, cancelTimeoutMs, outputs, placement }: JobRequest,
  { unschedulableTimeout }: RunnerClass,
): JobTerms {
  return {
    name: displayName,
    cancelTimeoutMs,
    unschedulableTimeoutMs: unschedulableTimeout,
    outputs: outputs !== undefined,
    sidecars: (placement?.services.length ?? 0) + (placement?.stepImages.length ?? 0) > 0,
  };
}

export function encodeTerms(terms: JobTerms): string {
  return JSON.stringify(terms);
}

/** Terms that a newer or older version wrote are read as far as they go. */
export function parseTerms(text: string | undefined): JobTerms {
  let given: Partial<JobTerms> = {};
  try {
    const value: unknown = JSON.parse(text ?? "{}");
    if (typeof value === "object" && value !== null) given = value;
  } catch {
    // The job is followed all the same.
  }
  return {
    name: given.name ?? "job",
    cancelTimeoutMs: given.cancelTimeoutMs ?? 300_000,
    unschedulableTimeoutMs: given.unschedulableTimeoutMs ?? 600_000,
    outputs: given.outputs ?? true,
    sidecars: given.sidecars ?? true,
  };
}
