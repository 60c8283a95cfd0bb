import { suggest } from "../spec/suggest.ts";
import { findCycles } from "./find-cycles.ts";
import type { GraphProblem } from "./graph-problem.ts";
import { Plan } from "./plan.ts";

export interface GraphNode {
  readonly id: string;
  /** Ids of nodes to wait for. Repeats and empty names are dropped. */
  readonly needs: readonly string[];
}

/** Looking for a similar name takes time; nobody reads more of them. */
const MAX_SUGGESTIONS = 50;

/** Plans a graph. There is a plan exactly when there are no problems; all problems are found at once. */
export function buildPlan(nodes: readonly GraphNode[]): { plan?: Plan; problems: GraphProblem[] } {
  const needs = new Map<string, readonly string[]>();
  const problems: GraphProblem[] = [];
  for (const { id, needs: named } of nodes) {
    if (needs.has(id))
      problems.push({ kind: "duplicate-id", id, message: `There are two nodes named '${id}'` });
    else needs.set(id, [...new Set(named.filter((need) => need.trim() !== ""))]);
  }
  problems.push(...unknownNeeds(needs), ...findCycles(needs).map(cycleProblem));
  if (problems.length > 0) return { problems };
  const dependents = dependentsOf(needs);
  return { plan: new Plan(needs, dependents, batchesOf(needs, dependents)), problems };
}

function unknownNeeds(needs: ReadonlyMap<string, readonly string[]>): GraphProblem[] {
  const problems: GraphProblem[] = [];
  const ids = [...needs.keys()];
  for (const [id, named] of needs) {
    for (const need of named) {
      if (needs.has(need)) continue;
      const suggestion = problems.length < MAX_SUGGESTIONS ? suggest(need, ids) : undefined;
      problems.push({
        kind: "unknown-needs",
        id,
        need,
        ...(suggestion === undefined ? {} : { suggestion }),
        message: `'${id}' needs '${need}', which does not exist`,
      });
    }
  }
  return problems;
}

function cycleProblem(path: readonly string[]): GraphProblem {
  return { kind: "cycle", path, message: `These need each other in a circle: ${path.join(" → ")}` };
}

function dependentsOf(needs: ReadonlyMap<string, readonly string[]>): Map<string, string[]> {
  const dependents = new Map<string, string[]>([...needs.keys()].map((id) => [id, []]));
  for (const [id, named] of needs) {
    for (const need of named) dependents.get(need)?.push(id);
  }
  return dependents;
}

/** Kahn's algorithm, a batch at a time; each batch in definition order. */
function batchesOf(
  needs: ReadonlyMap<string, readonly string[]>,
  dependents: ReadonlyMap<string, readonly string[]>,
): string[][] {
  const levels = new Map<string, number>();
  const missing = new Map([...needs].map(([id, named]) => [id, named.length]));
  const ready = [...needs.keys()].filter((id) => missing.get(id) === 0);
  for (const id of ready) {
    const level = levels.get(id) ?? 0;
    levels.set(id, level);
    for (const dependent of dependents.get(id) ?? []) {
      levels.set(dependent, Math.max(levels.get(dependent) ?? 0, level + 1));
      const left = (missing.get(dependent) ?? 0) - 1;
      missing.set(dependent, left);
      if (left === 0) ready.push(dependent);
    }
  }
  const batches: string[][] = [];
  for (const id of needs.keys()) {
    const level = levels.get(id) ?? 0;
    const batch = batches[level];
    if (batch) batch.push(id);
    else batches[level] = [id];
  }
  return batches;
}
