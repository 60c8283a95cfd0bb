import { ExecError } from "../../errors.ts";
import type { ContainerRequest, JobPlacement } from "../../protocol/job-placement.ts";
import type { JobRequest } from "../../protocol/job-request.ts";
import { type ContainerPlan, type PlanRules, planContainer } from "./container-plan.ts";
import type { DockerSettings } from "./docker-settings.ts";
import type { JobNames } from "./job-names.ts";
import { imageForLabels } from "./labels.ts";
import { type PlannedService, planServices } from "./service-containers.ts";

/** Everything of a job that can be said before anything is made. */
export interface JobPlan {
  readonly container: ContainerRequest;
  /** It has a `container:` of its own; else the image is its label's. */
  readonly isOwn: boolean;
  readonly job: ContainerPlan;
  readonly services: readonly PlannedService[];
}

const NOWHERE: JobPlacement = { labels: [], services: [], stepImages: [], clone: false };

/** Throws `InvalidSpec` for what can never be placed. */
export function planJob(
  { placement = NOWHERE }: JobRequest,
  names: JobNames,
  settings: DockerSettings,
): JobPlan {
  const { images, rules, defaults, mode } = settings;
  const isOwn = placement.container !== undefined;
  const image = placement.container?.image ?? imageForLabels(placement.labels, images);
  if (image === undefined) {
    throw new ExecError(
      "InvalidSpec",
      `No image is set for the labels ${placement.labels.join(", ") || "(none)"}.`,
    );
  }
  const container = placement.container ?? { image, env: {}, ports: [], volumes: [], options: "" };
  const planRules: PlanRules = {
    options: rules,
    defaults,
    publish: isOwn && mode === "bind",
    volumeName: mode === "bind" ? (name) => name : (name) => names.volume(`named-${name}`),
    volumeLabels: mode === "bind" ? {} : names.labels("workspace"),
  };
  return {
    container,
    isOwn,
    job: planContainer(container, "the job's container", planRules),
    services: planServices(placement.services, planRules),
  };
}
