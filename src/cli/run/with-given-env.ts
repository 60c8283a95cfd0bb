import type { TemplateEntry, TemplateMapping, TemplateValue } from "../../spec/template/template-value.ts";
import type { WorkflowSpec } from "../../spec/workflow-spec.ts";

/**
 * The pipeline with --env below its own `env`, so that the `env` context shows it too. Where `env` as a whole is an
 * expression, steps see --env only as environment variables.
 */
export function withGivenEnv(spec: WorkflowSpec, given: { readonly [name: string]: string }): WorkflowSpec {
  const entries = Object.entries(given).map(([key, value]): TemplateEntry => ({ key, value }));
  if (entries.length === 0) return spec;
  const own = spec.env ?? null;
  if (own !== null && !isMapping(own)) return spec;
  const names = new Set((own?.entries ?? []).map(({ key }) => key));
  const added = entries.filter(({ key }) => !names.has(key));
  return { ...spec, env: { kind: "mapping", entries: [...added, ...(own?.entries ?? [])] } };
}

function isMapping(value: TemplateValue): value is TemplateMapping {
  return typeof value === "object" && value !== null && value.kind === "mapping";
}
