import type { ActionSources, CheckoutSource } from "../../protocol/job-request.ts";
import type { FolderAction, ResolvedAction } from "./resolved-action.ts";

export interface ActionStoreOptions {
  readonly sources: ActionSources;
  /** `JobDirectories.actionCache`: shared by any number of runs at once. */
  readonly cacheDirectory: string;
  readonly checkout: CheckoutSource;
  /** For git: PATH, HOME, proxies. */
  readonly env: { readonly [name: string]: string };
  /** Unix time in milliseconds. */
  readonly now: () => number;
  /** Called before a value that must not be seen is used. */
  readonly mask?: (value: string) => void;
}

export interface ResolveOptions {
  /** Where `./path` starts. */
  readonly workspace: string;
  readonly signal: AbortSignal;
  /** Lines for the step's log. */
  readonly log: (line: string) => void;
  /** The action whose step this is, for `$/path`; absent for a step of the workflow itself. */
  readonly parent?: FolderAction;
}

/** One per job. */
export interface ActionStore {
  /**
   * Finds the action, fetching it if need be. Rejects with `ExecError` (`InvalidSpec`, `NotFound`, `Unauthorized`,
   * `Transient`, `Cancelled`, `Permanent`) whose message tells the user what to do.
   */
  resolve(uses: string, options: ResolveOptions): Promise<ResolvedAction>;
}

export function createActionStore(_options: ActionStoreOptions): ActionStore {
  throw new Error("not built yet");
}
