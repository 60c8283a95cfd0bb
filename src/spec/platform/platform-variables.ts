/**
 * The variables every step of a `.platform.yaml` finds in its environment, as expressions. `STEP_NAME` is among them
 * too, and differs from step to step.
 */
export const PLATFORM_VARIABLES: ReadonlyMap<string, string> = new Map([
  ["PLATFORM_PROJECT_ID", "github.repository_id"],
  ["PLATFORM_PROJECT_NAME", "github.event.repository.name || github.repository"],
  ["COMMIT_SHA", "github.sha"],
  ["COMMIT_REF", "github.ref"],
  // A merge request is built on its own branch; a tag is on none.
  ["COMMIT_BRANCH", "github.head_ref || github.ref_type != 'tag' && github.ref_name || ''"],
  ["PIPELINE_ID", "github.run_id"],
  ["REGISTRY", "vars.REGISTRY"],
  ["PROJECT", "github.repository"],
]);

export const STEP_NAME = "STEP_NAME";
