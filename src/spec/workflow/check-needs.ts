import { buildPlan } from "../../graph/build-plan.ts";
import type { Conversion } from "./conversion.ts";
import type { JobFacts } from "./convert-job.ts";

/**
 * Checks `needs`, and gives them back in the words of the jobs they mean (ids are compared without regard to letter
 * case), without repeats.
 */
export function checkNeeds(
  jobs: readonly JobFacts[],
  { diagnostics }: Conversion,
): ReadonlyMap<string, string[]> {
  const ids = new Map(jobs.map(({ id }) => [id.toLowerCase(), id]));
  const needs = new Map(
    jobs.map((job) => [
      job.id,
      [...new Set(job.needs.map(({ value }) => ids.get(value.toLowerCase()) ?? value))],
    ]),
  );
  const { problems } = buildPlan([...needs].map(([id, named]) => ({ id, needs: named })));
  const facts = new Map(jobs.map((job) => [job.id, job]));
  const placeOf = (id: string | undefined, need: string | undefined) => {
    const job = facts.get(id ?? "");
    const found = job?.needs.find(({ value }) => value.toLowerCase() === need?.toLowerCase());
    return found ?? job?.key ?? { start: 0, end: 0 };
  };
  for (const problem of problems) {
    if (problem.kind === "unknown-needs") {
      const { id, need, suggestion } = problem;
      const hint =
        suggestion === undefined
          ? `Jobs: ${[...ids.values()].slice(0, 20).join(", ")}`
          : `Did you mean '${suggestion}'?`;
      diagnostics.error(
        "unknown-needs",
        placeOf(id, need),
        `Job '${id}' needs '${need}', which does not exist`,
        hint,
      );
    } else if (problem.kind === "cycle") {
      const [first, second] = problem.path;
      const message = `These jobs need each other in a circle: ${problem.path.join(" → ")}`;
      diagnostics.error("cycle", placeOf(first, second), message);
    }
  }
  return needs;
}
