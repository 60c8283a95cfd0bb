import type { Pod } from "kubernetes-types/core/v1.js";
import { ExecError } from "../../errors.ts";
import { diagnoseDisruption } from "./diagnose-disruption.ts";
import type { JobTerms } from "./job-terms.ts";
import type { KubeClient } from "./kube-client.ts";
import { problemError } from "./pod-problem.ts";

export interface GoneJob {
  readonly terms: Pick<JobTerms, "name">;
  readonly namespace: string;
  readonly jobName: string;
  readonly jobUid: string;
}

/** Why a job has no pod any more, in the words of whoever ended that, as far as they can be found. `pod`: the last of it. */
export async function whyGone(
  client: Pick<KubeClient, "get">,
  { terms, namespace, jobName, jobUid }: GoneJob,
  pod: Pod | undefined,
): Promise<ExecError> {
  const disruption = pod === undefined ? undefined : diagnoseDisruption(pod);
  if (disruption !== undefined && disruption.key !== "deleted") return problemError(disruption);
  const job = await client.get("jobs", namespace, jobName).catch(() => undefined);
  const lost = `Job '${terms.name}' is lost.`;
  if (job === undefined || job.metadata?.uid !== jobUid || job.metadata.deletionTimestamp !== undefined)
    return new ExecError(
      "Transient",
      `${lost} The Job ${jobName} was deleted by somebody other than Slipway, and its pod with it.`,
    );
  const failed = job.status?.conditions?.find(({ type, status }) => type === "Failed" && status === "True");
  if (failed?.reason === "DeadlineExceeded")
    return new ExecError(
      "Timeout",
      `${lost} The Job ${jobName} was ended at its deadline: ${failed.message ?? ""}`,
      { retryable: false },
    );
  return new ExecError(
    "Transient",
    `${lost} The pod ${pod?.metadata?.name ?? `of ${jobName}`} was deleted by somebody other than Slipway.`,
  );
}
