// Planning a layered graph of 10,000 jobs: beside ten times the planning of 1,000, which is what linear growth gives.
import { buildPlan } from "../src/graph/build-plan.ts";
import { compare, type Result, timed } from "./measure.ts";

/** Layers of 100 jobs, each of which needs three of the layer before. */
function layered(count: number): { id: string; needs: string[] }[] {
  const width = 100;
  return Array.from({ length: count }, (_, index) => {
    const layer = Math.floor(index / width);
    const needs =
      layer === 0 ? [] : [0, 7, 31].map((step) => `job-${(layer - 1) * width + ((index + step) % width)}`);
    return { id: `job-${index}`, needs };
  });
}

export async function bench(): Promise<Result[]> {
  const large = layered(10_000);
  const small = layered(1_000);
  const ours = () => timed(() => buildPlan(large));
  const baseline = () =>
    timed(() => {
      for (let time = 0; time < 10; time += 1) buildPlan(small);
    });
  const shared = { runs: 9, ours, baseline };
  return [
    await compare({ ...shared, name: "plan 10,000 jobs", goal: { ms: 300 } }),
    await compare({ ...shared, name: "plan 10,000 jobs, beside 10 × 1,000", goal: { ratio: 2 } }),
  ];
}
