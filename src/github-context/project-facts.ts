import type { Commit, Person } from "./commit.ts";

/** What events are made from: the repository's facts, or plain defaults where there is none. */
export interface ProjectFacts {
  readonly owner: string;
  readonly name: string;
  /** Where the repository is, `https://github.com`, without a slash at the end. */
  readonly serverUrl: string;
  /** What a clone is made from, where it is not `<serverUrl>/<owner>/<name>.git`. */
  readonly cloneUrl?: string;
  /**
   * What `github.server_url` says: GitHub, unless another server was asked for by name. GitHub's own artifact and cache
   * clients refuse to work for any other host.
   */
  readonly githubUrl: string;
  /** Undefined on a detached head. */
  readonly branch: string | undefined;
  readonly tags: readonly string[];
  readonly defaultBranch: string;
  readonly sha: string;
  /** The newest first. */
  readonly commits: readonly Commit[];
  /** Where the remote has the branch. */
  readonly pushed: string | undefined;
  readonly actor: string;
  readonly user: Person;
}

export const NO_COMMIT = "0".repeat(40);
