import type { Plan } from "./plan.ts";

/**
 * Which nodes of a plan can start, as others end. It knows nothing of results: that a failed need means a skipped
 * dependent is its caller's business. All calls together take time linear in the plan's nodes and needs.
 */
export class Frontier {
  readonly #plan: Plan;
  /** Needs that have not ended, for every node that has not ended. */
  readonly #waitingFor: Map<string, number>;

  /** `ended`: nodes that have ended already, in any order (a resumed run). */
  constructor(plan: Plan, ended: Iterable<string> = []) {
    this.#plan = plan;
    this.#waitingFor = new Map(plan.ids.map((id) => [id, plan.needs(id).length]));
    for (const id of ended) this.end(id);
  }

  /** Nodes all of whose needs have ended, which have not ended themselves, in definition order. */
  get ready(): readonly string[] {
    return this.#waiting((count) => count === 0);
  }

  /** Nodes that still wait for a need, in definition order. */
  get blocked(): readonly string[] {
    return this.#waiting((count) => count > 0);
  }

  /** True once every node has ended. */
  get done(): boolean {
    return this.#waitingFor.size === 0;
  }

  /**
   * `id` has ended, whether it was ready or not (a cancelled node ends blocked). Returns the nodes that became ready
   * by it, in definition order. Saying it again, or of an unknown node, changes nothing and returns none.
   */
  end(id: string): readonly string[] {
    if (!this.#waitingFor.delete(id)) return [];
    return this.#plan.dependents(id).filter((dependent) => {
      const count = this.#waitingFor.get(dependent);
      if (count === undefined) return false;
      this.#waitingFor.set(dependent, count - 1);
      return count === 1;
    });
  }

  #waiting(test: (count: number) => boolean): string[] {
    return [...this.#waitingFor].filter(([, count]) => test(count)).map(([id]) => id);
  }
}
