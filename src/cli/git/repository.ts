import type { Commit, Person } from "../../github-context/commit.ts";

/** What a run knows of the git repository it starts in. */
export interface Repository {
  /** Top of the work tree. */
  readonly root: string;
  /** The checked-out branch; undefined on a detached head. */
  readonly branch: string | undefined;
  /** Tags on the current commit. */
  readonly tags: readonly string[];
  /** The newest first; empty where nothing was committed yet. At most 20. */
  readonly commits: readonly Commit[];
  /** Where the branch stands at the remote; undefined: not among the commits above. */
  readonly pushed: string | undefined;
  readonly remoteUrl: string | undefined;
  /** What the remote, or git's configuration, calls the main branch. */
  readonly defaultBranch: string | undefined;
  readonly user: Person;
}

/** There is no repository that can be used, and why, for a person. */
export interface NoRepository {
  readonly reason: string;
  /** It is there, but cannot be used: the run would not be what was asked for. */
  readonly broken: boolean;
}
