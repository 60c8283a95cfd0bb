import type { JobSelection } from "./build-options.ts";
import { expandStrategy, matchesSelection } from "./expand-strategy.ts";
import { contextsOf, needsContext } from "./job-condition.ts";
import { legName } from "./job-name.ts";
import type { JobLeg, JobNode } from "./workflow-run.ts";

/**
 * Makes the legs of a job, as far as they are selected, and notes its strategy in it. A leg's number is its
 * `strategy.job-index`. Throws `ExecError` (`InvalidSpec`) with file and line.
 */
export function createLegs(node: JobNode, selected: JobSelection["matrix"]): JobLeg[] {
  const { run, spec, key } = node;
  const { scope, caller } = run;
  const { file } = scope.spec;
  const needs = needsContext(node);
  const { legs, failFast, maxParallel } = expandStrategy(spec, { contexts: contextsOf(scope, needs) }, file);
  node.failFast = failFast;
  node.maxParallel = maxParallel;
  return legs.flatMap(({ matrix, strategy, suffix }, index): JobLeg[] => {
    if (!matchesSelection(matrix, selected)) return [];
    const name = legName(spec, suffix, { contexts: contextsOf(scope, needs, { strategy, matrix }) }, file);
    return [
      {
        node,
        key: spec.strategy?.matrix === undefined ? key : `${key}[${index}]`,
        name: caller === undefined ? name : `${caller.name} / ${name}`,
        matrix,
        strategy,
        needs,
        settings: undefined,
        state: "waiting",
        begun: false,
        holdsGroup: false,
        called: undefined,
        outcome: "skipped",
        result: "skipped",
      },
    ];
  });
}
