/** A graph without cycles, ready to be run. Ids are in the order in which they were defined wherever they tie. */
export interface Plan {
  /** Every id after all of its needs. */
  readonly order: readonly string[];
  /** For display: batch n holds what can start once batches before n are done. */
  readonly batches: readonly (readonly string[])[];
  /** What `id` waits for, without repeats. Empty for an unknown id, as in the two below. */
  needs(id: string): readonly string[];
  /** What waits for `id` directly. */
  dependents(id: string): readonly string[];
  /** Everything `id` waits for, directly or not; computed on each call. */
  ancestors(id: string): ReadonlySet<string>;
}
