import type { Readable, Writable } from "node:stream";
import type { JobFinishedFrame } from "../../protocol/frame.ts";

/** What a runner in a container has of its own process. */
export interface ContainerProcess {
  readonly env: { readonly [name: string]: string | undefined };
  readonly input: Readable;
  readonly output: Writable;
  readonly complain: (text: string) => void;
  readonly onTerminate: (callback: () => void) => void;
}

/** Of the runner, by the result of its job. */
export const EXIT_CODES = {
  success: 0,
  failure: 1,
  cancelled: 3,
} as const satisfies Record<JobFinishedFrame["result"], number>;

export const EXIT_BROKEN = 70;

/** Why a job was cancelled that nobody but its place ended: the error of such an end. */
export const TOLD_TO_END = "the container was told to end";
