/** What every object passes through in the test cluster, as a Kubernetes of default settings has it. */
import type { AdmissionSteps } from "./admission.ts";
import { decodeBody } from "./decode-body.ts";
import { applyLimitRanges, checkLimitRanges } from "./limit-range.ts";
import { setDefaults } from "./object-defaults.ts";
import { checkPodSecurity } from "./pod-security.ts";
import { checkQuota } from "./resource-quota.ts";
import { assignServiceAccount } from "./service-account.ts";
import { validateObject } from "./validate-object.ts";

export const STANDARD_STEPS: AdmissionSteps = {
  decode: decodeBody,
  mutate: [setDefaults, applyLimitRanges, assignServiceAccount],
  validate: validateObject,
  admit: [checkLimitRanges, checkPodSecurity, checkQuota],
};
