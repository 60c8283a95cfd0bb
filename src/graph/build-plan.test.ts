import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { buildPlan, type GraphNode } from "./build-plan.ts";
import type { GraphProblem } from "./graph-problem.ts";
import type { Plan } from "./plan.ts";

function node(id: string, ...needs: string[]): GraphNode {
  return { id, needs };
}

function planOf(...nodes: GraphNode[]): Plan {
  const { plan, problems } = buildPlan(nodes);
  if (!plan) throw new Error(JSON.stringify(problems));
  return plan;
}

function problemsOf(...nodes: GraphNode[]): GraphProblem[] {
  const { plan, problems } = buildPlan(nodes);
  expect(plan).toBeUndefined();
  return problems;
}

/** Nodes that only need earlier ones, so that there is no cycle, in a shuffled order of definition. */
const acyclic = fc
  .array(fc.array(fc.nat(), { maxLength: 5 }), { maxLength: 40 })
  .map((rows) =>
    rows.map((needs, index) =>
      node(`n${index}`, ...(index === 0 ? [] : needs.map((need) => `n${need % index}`))),
    ),
  )
  .chain((nodes) => fc.shuffledSubarray(nodes, { minLength: nodes.length }));

describe("a plan", () => {
  it("of nothing is empty", () => {
    const plan = planOf();
    expect([plan.order, plan.batches, plan.ids]).toEqual([[], [], []]);
  });

  it("puts what can start together into one batch, in the order of definition", () => {
    const plan = planOf(node("deploy", "build", "test"), node("test", "build"), node("lint"), node("build"));
    expect(plan.batches).toEqual([["lint", "build"], ["test"], ["deploy"]]);
    expect(plan.order).toEqual(["lint", "build", "test", "deploy"]);
  });

  it("drops needs that are empty or said twice", () => {
    const plan = planOf(node("a"), node("b", "a", "", "a", " "));
    expect(plan.needs("b")).toEqual(["a"]);
    expect(plan.dependents("a")).toEqual(["b"]);
  });

  it("knows what a node waits for, directly or not, and what waits for it", () => {
    const plan = planOf(node("a"), node("b", "a"), node("c", "b"), node("d"), node("e", "c", "d"));
    expect(plan.ancestors("e")).toEqual(new Set(["a", "b", "c", "d"]));
    expect(plan.ancestors("a")).toEqual(new Set());
    expect(plan.descendants("b")).toEqual(new Set(["c", "e"]));
  });

  it("knows nothing of a node that is not in it", () => {
    const plan = planOf(node("a"));
    expect([plan.needs("x"), plan.dependents("x"), plan.ancestors("x").size]).toEqual([[], [], 0]);
  });

  it("keeps ids that are names of JavaScript's own", () => {
    const plan = planOf(node("constructor"), node("__proto__", "constructor"), node("toString", "__proto__"));
    expect(plan.order).toEqual(["constructor", "__proto__", "toString"]);
  });

  it("has every node once, after all of its needs, whatever the graph", () => {
    fc.assert(
      fc.property(acyclic, (nodes) => {
        const plan = planOf(...nodes);
        expect([...plan.order].sort()).toEqual(nodes.map(({ id }) => id).sort());
        const at = new Map(plan.order.map((id, index) => [id, index]));
        const batchOf = new Map(
          plan.batches.flatMap((batch, index) => batch.map((id) => [id, index] as const)),
        );
        for (const { id, needs } of nodes) {
          const batches = needs.map((need) => batchOf.get(need) ?? Number.NaN);
          expect(batchOf.get(id)).toBe(Math.max(-1, ...batches) + 1);
          for (const need of needs) expect(at.get(need)).toBeLessThan(at.get(id) ?? -1);
        }
      }),
    );
  });

  it("takes a chain of 100,000 nodes", () => {
    const chain = Array.from({ length: 100_000 }, (_, index) =>
      node(`n${index}`, ...(index ? [`n${index - 1}`] : [])),
    );
    const plan = planOf(...chain);
    expect(plan.batches).toHaveLength(100_000);
    expect(plan.ancestors("n99999").size).toBe(99_999);
  });
});

describe("problems of a graph", () => {
  it("name a cycle from its first node back to it", () => {
    const problems = problemsOf(node("a"), node("b", "a", "d"), node("c", "b"), node("d", "c"));
    expect(problems).toEqual([
      {
        kind: "cycle",
        path: ["b", "d", "c", "b"],
        message: "These need each other in a circle: b → d → c → b",
      },
    ]);
  });

  it("name a node that needs itself", () => {
    expect(problemsOf(node("a", "a"))).toMatchObject([{ kind: "cycle", path: ["a", "a"] }]);
  });

  it("name every knot, and the shortest cycle of each", () => {
    const problems = problemsOf(
      node("a", "b"),
      node("b", "c", "a"),
      node("c", "a"),
      node("x", "y"),
      node("y", "x"),
      node("free", "a"),
    );
    expect(problems).toMatchObject([{ path: ["a", "b", "a"] }, { path: ["x", "y", "x"] }]);
  });

  it("name needs that do not exist", () => {
    expect(problemsOf(node("build"), node("test", "buidl"), node("deploy", "zzz"))).toMatchObject([
      {
        kind: "unknown-needs",
        id: "test",
        need: "buidl",
        message: "'test' needs 'buidl', which does not exist",
      },
      { kind: "unknown-needs", id: "deploy", need: "zzz" },
    ]);
  });

  it("suggest what may have been meant", () => {
    expect(problemsOf(node("build"), node("test", "buidl"))).toMatchObject([{ suggestion: "build" }]);
  });

  it("name ids used twice", () => {
    expect(problemsOf(node("a"), node("a"))).toEqual([
      { kind: "duplicate-id", id: "a", message: "There are two nodes named 'a'" },
    ]);
  });

  it("are all told at once", () => {
    const kinds = problemsOf(node("a", "a"), node("b", "nope"), node("b")).map(({ kind }) => kind);
    expect(kinds.sort()).toEqual(["cycle", "duplicate-id", "unknown-needs"]);
  });

  it("are a cycle in a ring of 100,000 nodes", () => {
    const ring = Array.from({ length: 100_000 }, (_, index) =>
      node(`n${index}`, `n${(index + 1) % 100_000}`),
    );
    expect(problemsOf(...ring)).toMatchObject([
      { kind: "cycle", path: expect.objectContaining({ length: 100_001 }) },
    ]);
  });

  it("have a cycle of real needs exactly where there is no plan", () => {
    const any = fc.array(fc.array(fc.nat({ max: 11 }), { maxLength: 3 }), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(any, (rows) => {
        const nodes = rows.map((needs, index) =>
          node(`n${index}`, ...needs.map((need) => `n${need % rows.length}`)),
        );
        const { plan, problems } = buildPlan(nodes);
        expect(plan === undefined).toBe(problems.length > 0);
        for (const problem of problems) {
          if (problem.kind !== "cycle") throw new Error(problem.kind);
          expect(problem.path.length).toBeGreaterThan(1);
          expect(problem.path.at(-1)).toBe(problem.path[0]);
          problem.path.slice(1).forEach((need, index) => {
            const from = nodes.find(({ id }) => id === problem.path[index]);
            expect(from?.needs).toContain(need);
          });
        }
      }),
    );
  });
});
