import type { ActionSpec } from "../../spec/actions/action-spec.ts";

/** What a step's `uses` stands for. */
export type ResolvedAction =
  | FolderAction
  /** `actions/checkout`, which is built in here; `ref` as written after the `@`. */
  | { readonly kind: "checkout"; readonly ref: string }
  /** `docker://image`. */
  | { readonly kind: "docker"; readonly image: string };

/** An action whose files are on this machine. Its `runs` may still be a container's. */
export interface FolderAction {
  readonly kind: "action";
  /** Absolute: the folder that holds the manifest, what `GITHUB_ACTION_PATH` names. */
  readonly directory: string;
  readonly spec: ActionSpec;
  /** As in `uses`, for messages and debug lines. */
  readonly uses: string;
  /** True for `./path`: its `pre` is never run, as on GitHub. */
  readonly local: boolean;
  /** `owner/repo` and the ref as written: `GITHUB_ACTION_REPOSITORY`, `GITHUB_ACTION_REF`. Absent where local. */
  readonly repository?: string;
  readonly ref?: string;
  /** The commit that `ref` stood for; absent for local folders. */
  readonly sha?: string;
  /** Root of the repository the action stands in; `$/path` in its steps starts here. */
  readonly root: string;
  /** Mistakes in the manifest that do not keep it from running, ready to be shown. */
  readonly warnings: readonly string[];
}
