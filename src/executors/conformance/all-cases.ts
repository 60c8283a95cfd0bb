import { actionCases } from "./actions.ts";
import { attachCases } from "./attaches.ts";
import { cancelCases } from "./cancels.ts";
import type { ConformanceCase } from "./conformance-case.ts";
import { imageCases } from "./images.ts";
import { infrastructureCases } from "./infrastructure.ts";
import { logCases } from "./logs.ts";
import { maskCases } from "./masks.ts";
import { outputCases } from "./outputs.ts";
import { processCases } from "./processes.ts";
import { resultCases } from "./results.ts";
import { serviceCases } from "./services.ts";
import { stepContainerCases } from "./step-containers.ts";
import { timeoutCases } from "./timeouts.ts";

/** The whole suite, by theme. */
export const CONFORMANCE_CASES: { readonly [theme: string]: readonly ConformanceCase[] } = {
  results: resultCases,
  "what is handed on": outputCases,
  logs: logCases,
  masks: maskCases,
  processes: processCases,
  cancels: cancelCases,
  "time limits": timeoutCases,
  actions: actionCases,
  images: imageCases,
  services: serviceCases,
  "steps in containers": stepContainerCases,
  "jobs found again": attachCases,
  infrastructure: infrastructureCases,
};
