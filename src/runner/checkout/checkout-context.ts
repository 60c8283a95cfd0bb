import type { JsonObject } from "../../json.ts";
import type { CheckoutSource } from "../../protocol/job-request.ts";
import type { GitProgram } from "../git/git.ts";
import type { Patience } from "../git/patient-git.ts";

/** What the built-in checkout is given by the step that runs it. */
export interface CheckoutContext {
  readonly source: CheckoutSource;
  /** `GITHUB_WORKSPACE`. */
  readonly workspace: string;
  /** `RUNNER_TEMP`. */
  readonly temp: string;
  /** The `github` context: `ref`, `sha`, `token` are looked at. */
  readonly github: JsonObject;
  /** For git: PATH, HOME, proxies. */
  readonly env: { readonly [name: string]: string };
  /** Absent: the one on PATH. */
  readonly git?: GitProgram;
  readonly signal: AbortSignal;
  /** Lines for the step's log, `##[group]` and its kind included. */
  readonly log: (line: string) => void;
  /** A warning annotation. */
  readonly warn: (message: string) => void;
  readonly mask: (value: string) => void;
  /** How a server that does not answer is waited for; absent: as `patientGit` does. */
  readonly patience?: Omit<Patience, "log">;
}

export interface CheckoutResult {
  /** `ref` as GitHub's action gives it; `commit` is "" where there is none yet. */
  readonly outputs: { readonly ref: string; readonly commit: string };
  /** For `cleanUpCheckout` in the post step; absent: nothing to clean up, and no post step is needed. */
  readonly state?: { readonly [name: string]: string };
}
