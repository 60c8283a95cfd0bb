import type { LiveBuild } from "../rest/views/build-detail-view.ts";
import type { JobView, StepView } from "../rest/views/job-view.ts";

/** What changed in a build since the last message. Lists hold what is new or different, whole. */
export interface LiveChange {
  readonly version: number;
  /** Fields of the build itself, all of them; absent: none changed but its version. */
  readonly build?: Omit<LiveBuild, "jobs" | "approvals" | "annotations" | "warnings">;
  readonly jobs: readonly Omit<JobView, "steps">[];
  readonly steps: readonly StepView[];
  readonly annotations: LiveBuild["annotations"];
  /** All of them, where one changed. */
  readonly approvals?: LiveBuild["approvals"];
  readonly warnings?: LiveBuild["warnings"];
}

/** Remembers how a build was, to tell what changed. */
export class BuildChanges {
  #build = "";
  #approvals = "";
  #warnings = "";
  #parts = new Map<string, string>();

  /** Takes the build as it is now. Undefined: nothing changed. */
  next(live: LiveBuild): LiveChange | undefined {
    const { jobs, approvals, annotations, warnings, ...build } = live;
    const parts = new Map<string, string>();
    const isNew = (id: string, value: unknown) => {
      const text = JSON.stringify(value);
      parts.set(id, text);
      return this.#parts.get(id) !== text;
    };
    const jobViews = jobs.map(({ steps: _, ...job }) => job).filter((job) => isNew(job.id, job));
    const steps = jobs.flatMap((job) => job.steps).filter((step) => isNew(step.id, step));
    const notes = annotations.filter((annotation) => isNew(annotation.id, annotation.id));
    const buildText = JSON.stringify({ ...build, version: 0 });
    const approvalsText = JSON.stringify(approvals);
    const warningsText = JSON.stringify(warnings);
    const change: LiveChange = {
      version: build.version,
      ...(buildText !== this.#build && { build }),
      jobs: jobViews,
      steps,
      annotations: notes,
      ...(approvalsText !== this.#approvals && { approvals }),
      ...(warningsText !== this.#warnings && { warnings }),
    };
    this.#build = buildText;
    this.#approvals = approvalsText;
    this.#warnings = warningsText;
    this.#parts = parts;
    const { version: _, jobs: a, steps: b, annotations: c, ...rest } = change;
    return a.length + b.length + c.length + Object.keys(rest).length > 0 ? change : undefined;
  }
}
