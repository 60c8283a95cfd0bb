import type { Plan } from "./plan.ts";

/**
 * Which nodes of a plan can start, as others end. It knows nothing of results: that a failed need means a skipped
 * dependent is its caller's business.
 */
export class Frontier {
  /** `ended`: nodes that have ended already, in any order (a resumed run). */
  constructor(_plan: Plan, _ended: Iterable<string> = []) {}

  /** Nodes all of whose needs have ended, which have not ended themselves, in definition order. */
  get ready(): readonly string[] {
    return [];
  }

  /** Nodes that still wait for a need, in definition order. */
  get blocked(): readonly string[] {
    return [];
  }

  /** True once every node has ended. */
  get done(): boolean {
    return false;
  }

  /** `id` has ended. Returns the nodes that became ready by it. Saying it again changes nothing and returns none. */
  end(_id: string): readonly string[] {
    return [];
  }
}
