import { createHash } from "node:crypto";
import type { Job } from "kubernetes-types/batch/v1.js";
import type { JobAttemptName } from "../executor.ts";

export const LABEL = {
  installation: "slipway.dev/installation",
  build: "slipway.dev/build",
  job: "slipway.dev/job",
  step: "slipway.dev/step",
  attempt: "slipway.dev/attempt",
  role: "slipway.dev/role",
  pipeline: "platform.io/pipeline",
  platformStep: "platform.io/step",
} as const;

/** Exact where a label can only hold a likeness. */
export const ANNOTATION = {
  buildId: "slipway.dev/build-id",
  jobKey: "slipway.dev/job-key",
  /** What whoever follows the job has to know, as JSON. */
  terms: "slipway.dev/terms",
} as const;

/** Names of all that is made for one attempt of a job: the same each time, so that what exists is found. */
export interface KubeJobNames {
  readonly job: string;
  readonly secret: string;
  readonly pullSecret: string;
}

/** Room is left for what the job controller appends to a pod's name. */
const MAX_SLUG = 30;

export function kubeJobNames(
  installation: string,
  { buildId, jobKey, attempt }: JobAttemptName,
): KubeJobNames {
  const hash = createHash("sha256")
    .update(JSON.stringify([installation, buildId, jobKey, attempt]))
    .digest("hex")
    .slice(0, 16);
  const job = `${dnsLabel(jobKey, MAX_SLUG)}-${hash}`;
  return { job, secret: requestSecret(job), pullSecret: `${job}-pull` };
}

/** Of what a job is told, by the name of its Job. */
export function requestSecret(job: string): string {
  return `${job}-request`;
}

/** A text as part of a DNS label: lower case, digits and dashes, beginning with a letter. */
export function dnsLabel(text: string, maxLength: number): string {
  const slug = text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^[^a-z]+/, "")
    .slice(0, maxLength)
    .replace(/-+$/, "");
  return slug === "" ? "job" : slug;
}

/** A text as a label's value: at most 63 of letters, digits, `-_.`, such that a letter or digit stands at both ends. */
export function labelValue(text: string): string {
  const safe = text.replace(/[^A-Za-z0-9._-]+/g, "-").replace(/^[^A-Za-z0-9]+/, "");
  if (safe.length <= 63) return safe.replace(/[^A-Za-z0-9]+$/, "");
  const hash = createHash("sha256").update(text).digest("hex").slice(0, 8);
  return `${safe.slice(0, 54).replace(/[^A-Za-z0-9]+$/, "")}-${hash}`;
}

/** Whose attempt an object belongs to; undefined for one that Slipway did not make. */
export function attemptOf(object: Pick<Job, "metadata">): JobAttemptName | undefined {
  const { annotations, labels } = object.metadata ?? {};
  const buildId = annotations?.[ANNOTATION.buildId];
  const jobKey = annotations?.[ANNOTATION.jobKey];
  const attempt = Number(labels?.[LABEL.attempt]);
  if (buildId === undefined || jobKey === undefined || !Number.isInteger(attempt)) return undefined;
  return { buildId, jobKey, attempt };
}
