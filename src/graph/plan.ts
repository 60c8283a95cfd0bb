/**
 * A graph without cycles, ready to be run. Wherever nodes tie, they are in the order in which they were defined.
 * It holds no results and starts nothing: that is its caller's, with a `Frontier`.
 */
export class Plan {
  /** Every id after all of its needs. */
  readonly order: readonly string[];
  /** For display: batch n holds what can start once the batches before it are done. */
  readonly batches: readonly (readonly string[])[];
  /** In the order of definition. */
  readonly ids: readonly string[];
  readonly #needs: ReadonlyMap<string, readonly string[]>;
  readonly #dependents: ReadonlyMap<string, readonly string[]>;

  /** `needs` is in the order of definition, without repeats; `order` and `batches` follow from it (`buildPlan`). */
  constructor(
    needs: ReadonlyMap<string, readonly string[]>,
    dependents: ReadonlyMap<string, readonly string[]>,
    batches: readonly (readonly string[])[],
  ) {
    this.ids = [...needs.keys()];
    this.batches = batches;
    this.order = batches.flat();
    this.#needs = needs;
    this.#dependents = dependents;
  }

  /** What `id` waits for, without repeats. Empty for an unknown id, as in the methods below. */
  needs(id: string): readonly string[] {
    return this.#needs.get(id) ?? [];
  }

  /** What waits for `id` directly. */
  dependents(id: string): readonly string[] {
    return this.#dependents.get(id) ?? [];
  }

  /** Everything `id` waits for, directly or not. Computed on each call. */
  ancestors(id: string): ReadonlySet<string> {
    return reach(id, (from) => this.needs(from));
  }

  /** Everything that waits for `id`, directly or not. Computed on each call. */
  descendants(id: string): ReadonlySet<string> {
    return reach(id, (from) => this.dependents(from));
  }
}

function reach(start: string, next: (id: string) => readonly string[]): Set<string> {
  const reached = new Set<string>();
  const open = [start];
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    for (const neighbour of next(id)) {
      if (reached.has(neighbour)) continue;
      reached.add(neighbour);
      open.push(neighbour);
    }
  }
  return reached;
}
