export interface Person {
  readonly name: string | undefined;
  readonly email: string | undefined;
}

export interface Commit {
  readonly sha: string;
  readonly tree: string;
  readonly parents: readonly string[];
  readonly author: Person;
  readonly committer: Person;
  /** ISO 8601, with the committer's offset. */
  readonly timestamp: string;
  readonly message: string;
  /** Fully qualified refs that point here. */
  readonly refs: readonly string[];
}
