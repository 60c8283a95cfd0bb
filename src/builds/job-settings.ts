import { ExecError } from "../errors.ts";
import type { Json } from "../json.ts";
import { evaluateTemplate } from "../spec/expressions/evaluate.ts";
import type { Scope } from "../spec/expressions/scope.ts";
import type { SourcePosition, TemplateMapping, TemplateValue } from "../spec/template/template-value.ts";
import type { StepsJobSpec } from "../spec/workflow-spec.ts";
import { locatedError, messageOf, positionOf } from "./located-error.ts";
import type { JobSettings } from "./planned-job.ts";
import { booleanOf, isMapping, mappingOf, numberOf, textOf } from "./typed-value.ts";
import type { WorkflowScope } from "./workflow-scope.ts";

const DEFAULT_TIMEOUT_MINUTES = 360;
const DEFAULT_CANCEL_TIMEOUT_MINUTES = 5;
const MS_PER_MINUTE = 60_000;

/** Evaluates what must be known before a job is placed. Throws `ExecError` (`InvalidSpec`) with file and line. */
export function jobSettings(spec: StepsJobSpec, scope: Scope, workflow: WorkflowScope): JobSettings {
  const read = <T>(
    key: string,
    value: TemplateValue | undefined,
    convert: (value: Json) => T,
  ): T | undefined =>
    value === undefined ? undefined : readKey(key, value, spec.at, workflow.spec.file, scope, convert);
  return {
    ...(read("runs-on", spec.runsOn, runsOnOf) ?? { labels: [], group: undefined }),
    container: read("container", imageEntry(spec.container), imageOf),
    preferredImage: shownImage(spec, scope, workflow),
    services: read("services", imagesOfServices(spec.services), servicesOf) ?? [],
    environment: read(
      "environment",
      environmentName(spec.environment),
      (value) => textOf(value) || undefined,
    ),
    environmentUrl: environmentUrl(spec.environment),
    timeoutMs:
      read("timeout-minutes", spec.timeoutMinutes, minutesOf) ?? DEFAULT_TIMEOUT_MINUTES * MS_PER_MINUTE,
    cancelTimeoutMs:
      read("cancel-timeout-minutes", spec.cancelTimeoutMinutes, minutesOf) ??
      DEFAULT_CANCEL_TIMEOUT_MINUTES * MS_PER_MINUTE,
    continueOnError: read("continue-on-error", spec.continueOnError, booleanOf) ?? false,
    permissions: spec.permissions ?? workflow.permissions,
  };
}

function shownImage(
  spec: StepsJobSpec,
  scope: Scope,
  { spec: { file }, secrets }: WorkflowScope,
): string | undefined {
  if (spec.preferredImage === undefined) return undefined;
  const hidden = Object.fromEntries(Object.keys(secrets).map((name) => [name, "***"]));
  const contexts = { ...scope.contexts, secrets: hidden };
  return readKey("image", spec.preferredImage, spec.at, file, { ...scope, contexts }, textOf) || undefined;
}

/** Evaluates one key and converts the result; what goes wrong is said with the key and its place. */
export function readKey<T>(
  key: string,
  value: TemplateValue,
  owner: SourcePosition,
  file: string,
  scope: Scope,
  convert: (value: Json) => T,
): T {
  try {
    return convert(evaluateTemplate(value, scope));
  } catch (error) {
    throw locatedError(file, positionOf(value, owner), `${key}: ${messageOf(error)}`);
  }
}

function runsOnOf(value: Json): { labels: readonly string[]; group: string | undefined } {
  const mapping = isMapping(value) ? value : { labels: value };
  const labels = mapping.labels ?? [];
  const list = (Array.isArray(labels) ? (labels as readonly Json[]) : [labels]).map(textOf);
  const group = mapping.group === undefined ? undefined : textOf(mapping.group) || undefined;
  const named = list.filter((label) => label !== "");
  if (named.length === 0 && group === undefined) throw new ExecError("InvalidSpec", "it names no label");
  return { labels: named, group };
}

function minutesOf(value: Json): number {
  const minutes = numberOf(value);
  if (!(minutes >= 0))
    throw new ExecError("InvalidSpec", `Unexpected value '${minutes}': it cannot be negative`);
  return Math.round(minutes * MS_PER_MINUTE);
}

function imageOf(value: Json): string | undefined {
  const image = isMapping(value) ? textOf(value.image ?? null) : textOf(value);
  return image.replace(/^docker:\/\//, "") || undefined;
}

function servicesOf(value: Json): readonly string[] {
  if (value === null || value === "") return [];
  const services = Object.entries(mappingOf(value));
  return services.filter(([, service]) => imageOf(service) !== undefined).map(([id]) => id);
}

/** Of a container only the image is asked for here: its other keys may name contexts that only the job has. */
function imageEntry(container: TemplateValue | undefined): TemplateValue | undefined {
  return isTemplateMapping(container) ? (entryOf(container, "image") ?? container) : container;
}

function imagesOfServices(services: TemplateValue | undefined): TemplateValue | undefined {
  if (!isTemplateMapping(services)) return services;
  const entries = services.entries.map((entry) => ({
    ...entry,
    value: imageEntry(entry.value) ?? entry.value,
  }));
  return { ...services, entries };
}

function environmentName(environment: TemplateValue | undefined): TemplateValue | undefined {
  return isTemplateMapping(environment) ? entryOf(environment, "name") : environment;
}

function environmentUrl(environment: TemplateValue | undefined): TemplateValue | undefined {
  return isTemplateMapping(environment) ? entryOf(environment, "url") : undefined;
}

function isTemplateMapping(value: TemplateValue | undefined): value is TemplateMapping {
  return typeof value === "object" && value?.kind === "mapping";
}

function entryOf(mapping: TemplateMapping, key: string): TemplateValue | undefined {
  return mapping.entries.find((entry) => entry.key === key)?.value;
}
