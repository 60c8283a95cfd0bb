import type { Conclusion } from "../../status.ts";

export interface StepEnd {
  /** Before `continue-on-error`. */
  readonly outcome: Conclusion;
  /** After it. */
  readonly conclusion: Conclusion;
}

export const SKIPPED: StepEnd = { outcome: "skipped", conclusion: "skipped" };
export const FAILED: StepEnd = { outcome: "failure", conclusion: "failure" };
export const CANCELLED: StepEnd = { outcome: "cancelled", conclusion: "cancelled" };
