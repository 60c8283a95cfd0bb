import type { JobAdded } from "./build-decision.ts";
import type { JobLeg, JobNode } from "./workflow-run.ts";

export function jobAdded(node: JobNode): JobAdded {
  return { ...common(node), job: node.key, name: node.name, kind: node.kind };
}

export function legAdded({ node, key, name, matrix }: JobLeg): JobAdded {
  return {
    ...common(node),
    job: key,
    name,
    legOf: node.key,
    matrix,
    kind: node.spec.kind === "call" ? "group" : "job",
  };
}

function common({ spec, needs, run: { caller } }: JobNode): Pick<JobAdded, "jobId" | "needs" | "parent"> {
  return {
    jobId: spec.id,
    needs: needs.map(({ key }) => key),
    ...(caller === undefined ? {} : { parent: caller.key }),
  };
}
