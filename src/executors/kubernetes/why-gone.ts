import type { Clock } from "../../clock.ts";
import { ExecError } from "../../errors.ts";
import { diagnoseDisruption } from "./diagnose-disruption.ts";
import type { JobTerms } from "./job-terms.ts";
import type { KubeClient } from "./kube-client.ts";
import type { PodSight } from "./namespace-watch.ts";
import { problemError } from "./pod-problem.ts";
import { pause } from "./wait.ts";

export interface GoneJob {
  readonly terms: Pick<JobTerms, "name">;
  readonly namespace: string;
  readonly jobName: string;
  readonly jobUid: string;
}

/** The controller of a Job ends its pods first, and says why a moment later. */
const LOOKS = 4;
const LOOK_MS = 250;

/** What ends the pod is known. */
export function isExplained({ pod, deleted }: PodSight): boolean {
  if (deleted) return true;
  const disruption = pod === undefined ? undefined : diagnoseDisruption(pod);
  return disruption !== undefined && disruption.key !== "silent";
}

/** Why a job has no pod any more, in the words of whoever ended that, as far as they can be found. */
export async function whyGone(
  { client, clock }: { readonly client: Pick<KubeClient, "get">; readonly clock: Clock },
  { terms, namespace, jobName, jobUid }: GoneJob,
  { pod, deleted }: PodSight,
): Promise<ExecError> {
  const disruption = pod === undefined ? undefined : diagnoseDisruption(pod);
  if (disruption !== undefined && !["deleted", "silent"].includes(disruption.key))
    return problemError(disruption);
  const lost = `Job '${terms.name}' is lost.`;
  const isDeleted = deleted || pod === undefined || disruption?.key === "deleted";
  for (let looks = 1; ; looks += 1) {
    const job = await client.get("jobs", namespace, jobName).catch(() => undefined);
    if (job === undefined || job.metadata?.uid !== jobUid || job.metadata.deletionTimestamp !== undefined)
      return new ExecError(
        "Transient",
        `${lost} The Job ${jobName} was deleted by somebody other than Slipway, and its pod with it.`,
      );
    const failed = job.status?.conditions?.find(
      ({ type, status }) => (type === "Failed" || type === "FailureTarget") && status === "True",
    );
    if (failed?.reason === "DeadlineExceeded")
      return new ExecError(
        "Timeout",
        `${lost} The Job ${jobName} was ended at its deadline: ${failed.message ?? ""}`,
        { retryable: false },
      );
    if (failed !== undefined || looks === LOOKS) break;
    await pause(clock, LOOK_MS, new AbortController().signal);
  }
  const name = pod?.metadata?.name ?? `of ${jobName}`;
  return new ExecError(
    "Transient",
    isDeleted
      ? `${lost} The pod ${name} was deleted by somebody other than Slipway.`
      : `${lost} The pod ${name} was told to end, and the cluster does not say why.`,
  );
}
