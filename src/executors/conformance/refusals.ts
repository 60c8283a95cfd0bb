import type { JobNeeds } from "../executor.ts";
import type { Capability } from "./executor-under-test.ts";

/** What a place that lacks a capability must refuse, with a reason, before a job that needs it is started. */
export const REFUSED_WITHOUT: { readonly [capability in Capability]?: Partial<JobNeeds> } = {
  images: { container: true },
  services: { services: true },
};
