/** What an expression can see while it is evaluated. */
import type { Json } from "../../json.ts";

/** The outcome that the status functions look at. */
export interface StatusView {
  /** `success()`: nothing this depends on failed, was cancelled or was skipped. Job ids narrow it in a job's `if`. */
  success(ids: readonly string[]): boolean;
  failure(ids: readonly string[]): boolean;
  cancelled(): boolean;
}

export interface Scope {
  /**
   * Contexts by name (`github`, `env`, …); names and keys are looked up without regard to case. Values are plain
   * JSON and must not be changed after they were handed in: their conversion is remembered by object identity.
   */
  readonly contexts: { readonly [name: string]: Json | undefined };
  /** Where absent, the status functions are unknown functions at this place. */
  readonly status?: StatusView;
  /** `hashFiles(patterns…)`, where there is a workspace; absent: an unknown function. */
  readonly hashFiles?: (patterns: readonly string[]) => string;
}
