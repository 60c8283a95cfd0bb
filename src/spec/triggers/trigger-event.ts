/** Something that happened and may start pipelines, reduced to what `on` filters look at. */
export interface TriggerEvent {
  /** GitHub's name: `push`, `pull_request`, `workflow_dispatch`, … or `mr` of `.platform.yaml`. */
  readonly name: string;
  /** The activity (`github.event.action`): `opened`, `published`, … For `repository_dispatch` the `event_type`. */
  readonly action?: string;
  /** Fully qualified (`refs/heads/main`, `refs/tags/v1`): what was pushed. */
  readonly ref?: string;
  /** The branch was deleted by this push. */
  readonly deleted?: boolean;
  /** `pull_request`, `pull_request_target`, `merge_group`, `mr`: the branch it wants to be merged into (`main`). */
  readonly baseBranch?: string;
  /** Paths the event changes, relative to the repository. Absent: not known, or too many to list. */
  readonly changedPaths?: readonly string[];
  /** Message of the head commit, for `[skip ci]` and its like. */
  readonly headMessage?: string;
  /** `workflow_run`: the name (or file) of the workflow that ran. */
  readonly workflow?: string;
  /** `workflow_run`: the branch it ran on. */
  readonly headBranch?: string;
  /** `schedule`: the cron line that came due; absent: any. */
  readonly schedule?: string;
}
