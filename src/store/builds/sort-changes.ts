import type { BuildChange } from "../build-change.ts";
import type { AnnotationRecord } from "../job-record.ts";
import type { BuildAnnotationRow, BuildFactRow } from "../tables/build-tables.ts";

export type ChangeOf<K extends BuildChange["kind"]> = Extract<BuildChange, { kind: K }>;
export type JobChange = ChangeOf<"job-added" | "job-changed">;
export type StepChange = ChangeOf<"step-added" | "step-changed">;

/** The changes of a batch by what they change, each list in their order. */
export interface SortedChanges {
  readonly facts: readonly BuildFactRow[];
  readonly jobs: ReadonlyMap<string, readonly JobChange[]>;
  readonly steps: ReadonlyMap<string, readonly StepChange[]>;
  readonly annotations: readonly BuildAnnotationRow[];
  readonly described: readonly ChangeOf<"build-described">[];
  readonly moves: readonly ChangeOf<"build-moved">[];
}

export function sortChanges(buildId: string, changes: readonly BuildChange[]): SortedChanges {
  const facts = new Map<number, BuildFactRow>();
  const jobs = new Map<string, JobChange[]>();
  const steps = new Map<string, StepChange[]>();
  const annotations = new Map<string, BuildAnnotationRow>();
  const described: ChangeOf<"build-described">[] = [];
  const moves: ChangeOf<"build-moved">[] = [];
  for (const change of changes) {
    switch (change.kind) {
      case "fact":
        if (!facts.has(change.seq))
          facts.set(change.seq, {
            build_id: buildId,
            seq: change.seq,
            fact_json: JSON.stringify(change.fact),
          });
        break;
      case "job-added":
        append(jobs, change.job.id, change);
        break;
      case "job-changed":
        append(jobs, change.job, change);
        break;
      case "step-added":
        append(steps, change.step.id, change);
        break;
      case "step-changed":
        append(steps, change.step, change);
        break;
      case "annotation-added":
        if (!annotations.has(change.annotation.id))
          annotations.set(change.annotation.id, rowOfAnnotation(buildId, change.annotation));
        break;
      case "build-described":
        described.push(change);
        break;
      case "build-moved":
        moves.push(change);
        break;
    }
  }
  return {
    facts: [...facts.values()],
    jobs,
    steps,
    annotations: [...annotations.values()],
    described,
    moves,
  };
}

function append<T>(lists: Map<string, T[]>, key: string, item: T): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [item]);
  else list.push(item);
}

function rowOfAnnotation(buildId: string, annotation: AnnotationRecord): BuildAnnotationRow {
  return {
    id: annotation.id,
    build_id: buildId,
    job_id: annotation.jobId,
    step: annotation.step,
    level: annotation.level,
    message: annotation.message,
    title: annotation.title ?? null,
    file: annotation.file ?? null,
    line: annotation.line ?? null,
    end_line: annotation.endLine ?? null,
    column: annotation.column ?? null,
    end_column: annotation.endColumn ?? null,
    created_at: annotation.createdAt,
  };
}
