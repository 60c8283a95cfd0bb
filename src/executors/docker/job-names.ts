import { createHash } from "node:crypto";
import type { JobAttemptName } from "../executor.ts";
import type { Labels } from "./docker-engine.ts";

export type Role = "job" | "service" | "step" | "kit" | "workspace" | "network";

/** Labels by which things of jobs are found again; their keys are part of the installation's state. */
export const LABEL = {
  installation: "slipway.dev/installation",
  build: "slipway.dev/build",
  job: "slipway.dev/job",
  jobKey: "slipway.dev/job-key",
  attempt: "slipway.dev/attempt",
  role: "slipway.dev/role",
  /** Which process a run belongs to, where jobs end with it. */
  owner: "slipway.dev/owner",
  /** Where the job's workspace is in its container. */
  workspace: "slipway.dev/workspace",
  /** Ports of the worker's loopback that the job speaks to. */
  hostPorts: "slipway.dev/host-ports",
  /** Of the job, for people. */
  name: "slipway.dev/name",
  /** As it was asked for. */
  image: "slipway.dev/image",
  /** Under which id the runner asked for a step's container. */
  request: "slipway.dev/request",
} as const;

const REF = /^docker:(slipway-[0-9a-f]{20})$/;

/** Names and labels of everything one attempt of a job is made of: the same each time they are asked for. */
export class JobNames {
  /** Of the job's container, and the beginning of all other names. */
  readonly job: string;
  readonly #labels: Labels;

  constructor(installation: string, attempt: JobAttemptName, owner?: string) {
    const { buildId, jobKey, attempt: number } = attempt;
    this.job = `slipway-${digest(JSON.stringify([installation, buildId, jobKey, number]))}`;
    this.#labels = {
      [LABEL.installation]: installation,
      [LABEL.build]: buildId,
      [LABEL.job]: labelSafe(jobKey),
      [LABEL.jobKey]: jobKey,
      [LABEL.attempt]: String(number),
      ...(owner === undefined ? {} : { [LABEL.owner]: owner }),
    };
  }

  get ref(): string {
    return `docker:${this.job}`;
  }

  get network(): string {
    return `${this.job}-network`;
  }

  volume(name: string): string {
    return `${this.job}-${name}`;
  }

  /** What jobs of the build share, whichever attempts they are. */
  get sharedWorkspace(): { readonly name: string; readonly labels: Labels } {
    const { [LABEL.installation]: installation = "", [LABEL.build]: build = "" } = this.#labels;
    return {
      name: sharedVolumeName(installation, build),
      labels: {
        [LABEL.installation]: installation,
        [LABEL.build]: build,
        [LABEL.role]: "workspace",
      },
    };
  }

  service(id: string): string {
    return `${this.job}-service-${labelSafe(id)}`;
  }

  step(id: string): string {
    return `${this.job}-step-${digest(id).slice(0, 12)}`;
  }

  /** An image that is built for one step. */
  builtImage(id: string): string {
    return `${this.job}-image:${digest(id).slice(0, 12)}`;
  }

  labels(role: Role, more: Labels = {}): Labels {
    return { ...this.#labels, [LABEL.role]: role, ...more };
  }

  /** What all things of this attempt have, and no other has. */
  get own(): Labels {
    const { [LABEL.installation]: installation = "", [LABEL.build]: build = "" } = this.#labels;
    const { [LABEL.jobKey]: jobKey = "", [LABEL.attempt]: attempt = "" } = this.#labels;
    return {
      [LABEL.installation]: installation,
      [LABEL.build]: build,
      [LABEL.jobKey]: jobKey,
      [LABEL.attempt]: attempt,
    };
  }
}

export function sharedVolumeName(installation: string, buildId: string): string {
  return `slipway-${digest(JSON.stringify([installation, buildId]))}-shared`;
}

/** The build of a volume that its jobs share; undefined where the labels are those of one job's, or of none. */
export function sharingBuildOf(labels: Labels): string | undefined {
  const { [LABEL.build]: build, [LABEL.jobKey]: jobKey, [LABEL.role]: role } = labels;
  return jobKey === undefined && role === "workspace" ? build : undefined;
}

/** The job's container of a `ref`; undefined for one of another executor. */
export function containerOfRef(ref: string): string | undefined {
  return REF.exec(ref)?.[1];
}

/** Undefined where the labels are not those of a job. */
export function attemptOfLabels(labels: Labels): JobAttemptName | undefined {
  const { [LABEL.build]: buildId, [LABEL.jobKey]: jobKey, [LABEL.attempt]: attempt } = labels;
  if (buildId === undefined || jobKey === undefined || attempt === undefined) return undefined;
  return { buildId, jobKey, attempt: Number(attempt) };
}

/** As labels of Kubernetes may be: at most 63 letters, digits, `-`, `_`, `.`. */
function labelSafe(text: string): string {
  const safe = text.replace(/[^A-Za-z0-9._-]+/g, "-").replace(/^[^A-Za-z0-9]+|[^A-Za-z0-9]+$/g, "");
  return safe === text && safe.length <= 63
    ? safe
    : `${safe.slice(0, 54)}-${digest(text).slice(0, 8)}`.replace(/^-/, "");
}

function digest(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 20);
}
