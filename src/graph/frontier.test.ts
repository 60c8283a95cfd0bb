import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { buildPlan } from "./build-plan.ts";
import { Frontier } from "./frontier.ts";
import type { Plan } from "./plan.ts";

function planOf(needs: Record<string, string[]>): Plan {
  const { plan } = buildPlan(Object.entries(needs).map(([id, named]) => ({ id, needs: named })));
  if (!plan) throw new Error("not a plan");
  return plan;
}

const DIAMOND = planOf({
  build: [],
  lint: [],
  unit: ["build"],
  e2e: ["build", "lint"],
  deploy: ["unit", "e2e"],
});

describe("the frontier of a plan", () => {
  it("begins with the nodes that need nothing", () => {
    const frontier = new Frontier(DIAMOND);
    expect(frontier.ready).toEqual(["build", "lint"]);
    expect(frontier.blocked).toEqual(["unit", "e2e", "deploy"]);
    expect(frontier.done).toBe(false);
  });

  it("frees a node when the last of its own needs ends, not when a whole batch does", () => {
    const frontier = new Frontier(DIAMOND);
    expect(frontier.end("build")).toEqual(["unit"]);
    expect(frontier.ready).toEqual(["lint", "unit"]);
    expect(frontier.end("lint")).toEqual(["e2e"]);
  });

  it("is done when everything has ended", () => {
    const frontier = new Frontier(DIAMOND, ["build", "lint", "unit", "e2e"]);
    expect(frontier.end("deploy")).toEqual([]);
    expect([frontier.done, frontier.ready, frontier.blocked]).toEqual([true, [], []]);
  });

  it("goes on from what had ended before, in whatever order it is told", () => {
    expect(new Frontier(DIAMOND, ["unit", "build"]).ready).toEqual(["lint"]);
  });

  it("takes the end of a node that was still blocked", () => {
    const frontier = new Frontier(DIAMOND);
    expect(frontier.end("e2e")).toEqual([]);
    expect(frontier.end("lint")).toEqual([]);
    frontier.end("build");
    expect(frontier.end("unit")).toEqual(["deploy"]);
  });

  it("hears an end once, and none of what it does not know", () => {
    const frontier = new Frontier(DIAMOND);
    frontier.end("build");
    expect(frontier.end("build")).toEqual([]);
    expect(frontier.end("nobody")).toEqual([]);
    expect(frontier.ready).toEqual(["lint", "unit"]);
  });

  it("frees every node exactly once, after its needs, whatever order they end in", () => {
    const graph = fc.array(fc.array(fc.nat(), { maxLength: 4 }), { minLength: 1, maxLength: 30 });
    fc.assert(
      fc.property(graph, fc.infiniteStream(fc.nat()), (rows, choices) => {
        const plan = planOf(
          Object.fromEntries(
            rows.map((row, i) => [`n${i}`, i === 0 ? [] : row.map((need) => `n${need % i}`)]),
          ),
        );
        const frontier = new Frontier(plan);
        const running = [...frontier.ready];
        const ended: string[] = [];
        while (running.length > 0) {
          const [id = ""] = running.splice((choices.next().value ?? 0) % running.length, 1);
          expect(plan.needs(id).every((need) => ended.includes(need))).toBe(true);
          ended.push(id);
          running.push(...frontier.end(id));
        }
        expect(ended.sort()).toEqual([...plan.ids].sort());
        expect(frontier.done).toBe(true);
      }),
    );
  });
});
