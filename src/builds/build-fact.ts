/** What has happened to a build: the only input of the build machine. Replayed in order, they rebuild it. */
import type { Conclusion } from "../status.ts";
import type { LoadedWorkflow } from "./load-workflow.ts";

export type BuildFact =
  | { readonly kind: "started" }
  | { readonly kind: "group-granted"; readonly holder: string }
  /** The group is not for this holder, or no longer: a newer one took its place. */
  | { readonly kind: "group-cancelled"; readonly holder: string; readonly reason: string }
  | { readonly kind: "workflow-loaded"; readonly job: string; readonly workflow: LoadedWorkflow }
  | { readonly kind: "workflow-failed"; readonly job: string; readonly message: string }
  | ({ readonly kind: "job-ended"; readonly job: string } & EndedJob)
  | { readonly kind: "cancelled"; readonly reason: string }
  /** The build was told to end at once. */
  | { readonly kind: "killed"; readonly reason: string };

/** How a job that was started, or could not be, has ended; before its `continue-on-error`. */
export interface EndedJob {
  readonly outcome: Conclusion;
  readonly outputs: { readonly [name: string]: string };
  readonly error?: string;
  /** Why it was skipped or cancelled, for a person. */
  readonly reason?: string;
  readonly environmentUrl?: string;
}
