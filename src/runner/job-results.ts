import { toStringValue } from "../spec/expressions/evaluate.ts";
import type { Job } from "./job.ts";
import type { StepLog } from "./output/step-log.ts";
import { evaluateLocated, evaluateText } from "./scope/evaluate-located.ts";

export interface JobResults {
  outputs: { readonly [name: string]: string };
  environmentUrl?: string;
}

/** Job outputs, without empty ones and without what holds a secret. Throws `ExecError`. */
export function evaluateOutputs(job: Job, log: StepLog): JobResults["outputs"] {
  const { outputs } = job.request;
  if (outputs === undefined) return {};
  log.line("Evaluate and set job outputs");
  const result = evaluateLocated(outputs, job.scope(), job.file);
  const kept: Record<string, string> = {};
  for (const [name, json] of Object.entries(result ?? {})) {
    const value = toStringValue(json);
    if (value === "") {
      log.debug(`Skip output '${name}' since it's empty`);
    } else if (holdsSecret(job, value)) {
      log.annotate({ level: "warning", message: `Skip output '${name}' since it may contain secret.` });
    } else {
      log.line(`Set output '${name}'`);
      kept[name] = value;
    }
  }
  return kept;
}

/** `environment.url`; undefined where there is none, and where it holds a secret. Throws `ExecError`. */
export function evaluateEnvironmentUrl(job: Job, log: StepLog): string | undefined {
  const { environmentUrl } = job.request;
  if (environmentUrl === undefined) return undefined;
  log.line("Evaluate and set environment url");
  const url = evaluateText(environmentUrl, job.scope(), job.file);
  if (holdsSecret(job, url)) {
    const message = "Skip setting environment url as environment may contain secret.";
    log.annotate({ level: "warning", message });
    return undefined;
  }
  if (url !== "") log.line(`Evaluated environment url: ${url}`);
  return url === "" ? undefined : url;
}

function holdsSecret(job: Job, value: string): boolean {
  return job.tools.masker.text(value) !== value;
}
