/**
 * One cycle for every knot of nodes that need each other (a strongly connected component), the shortest through the
 * knot's first node: a path whose last is its first again. Tarjan's algorithm with a stack of its own, so that a
 * chain of any length is no danger. Needs that are not nodes are ignored.
 */
export function findCycles(needs: ReadonlyMap<string, readonly string[]>): string[][] {
  const positions = new Map([...needs.keys()].map((id, index) => [id, index]));
  return knotsOf(needs)
    .map((knot) => knot.sort((a, b) => (positions.get(a) ?? 0) - (positions.get(b) ?? 0)))
    .sort(([a = ""], [b = ""]) => (positions.get(a) ?? 0) - (positions.get(b) ?? 0))
    .map((knot) => shortestCycle(needs, knot));
}

interface Visit {
  readonly id: string;
  readonly index: number;
  /** The smallest index that can be reached from here within the open nodes. */
  low: number;
  /** How many of its needs were looked at. */
  next: number;
}

function knotsOf(needs: ReadonlyMap<string, readonly string[]>): string[][] {
  const visits = new Map<string, Visit>();
  const open: string[] = [];
  const isOpen = new Set<string>();
  const knots: string[][] = [];
  const begin = (id: string): Visit => {
    const visit = { id, index: visits.size, low: visits.size, next: 0 };
    visits.set(id, visit);
    open.push(id);
    isOpen.add(id);
    return visit;
  };

  for (const root of needs.keys()) {
    if (visits.has(root)) continue;
    const path = [begin(root)];
    for (let visit = path.at(-1); visit; visit = path.at(-1)) {
      const need = needs.get(visit.id)?.[visit.next];
      if (need !== undefined) {
        visit.next += 1;
        const known = visits.get(need);
        if (!known && needs.has(need)) path.push(begin(need));
        else if (known && isOpen.has(need)) visit.low = Math.min(visit.low, known.index);
        continue;
      }
      path.pop();
      const parent = path.at(-1);
      if (parent) parent.low = Math.min(parent.low, visit.low);
      if (visit.low !== visit.index) continue;
      const knot = open.splice(open.lastIndexOf(visit.id));
      for (const id of knot) isOpen.delete(id);
      if (knot.length > 1 || needs.get(visit.id)?.includes(visit.id)) knots.push(knot);
    }
  }
  return knots;
}

/** Breadth first from the knot's first node back to it. */
function shortestCycle(needs: ReadonlyMap<string, readonly string[]>, knot: readonly string[]): string[] {
  const [start = ""] = knot;
  const inKnot = new Set(knot);
  const from = new Map<string, string>();
  const queue = [start];
  for (const id of queue) {
    for (const need of needs.get(id) ?? []) {
      if (need === start) return [start, ...pathBack(from, start, id), start];
      if (!inKnot.has(need) || from.has(need)) continue;
      from.set(need, id);
      queue.push(need);
    }
  }
  return [start, start];
}

/** The nodes after `start` on the way to `end`. */
function pathBack(from: ReadonlyMap<string, string>, start: string, end: string): string[] {
  const path: string[] = [];
  for (let id: string | undefined = end; id !== undefined && id !== start; id = from.get(id)) path.push(id);
  return path.reverse();
}
