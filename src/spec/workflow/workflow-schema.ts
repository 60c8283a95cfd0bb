// GitHub's own schema, as its language service publishes it: keys, contexts and events are never listed by hand here.
import source from "../../../node_modules/@actions/workflow-parser/dist/workflow-v1.0.min.json" with {
  type: "json",
};
import { type SchemaSource, TemplateSchema } from "../template/template-schema.ts";

const PUBLISHED = (source as SchemaSource).definitions;

/** Where the published schema differs from what GitHub accepts. */
const CORRECTIONS: SchemaSource["definitions"] = {
  // It calls `on: repository_dispatch` by another event's name.
  "repository-dispatch-string": { string: { constant: "repository_dispatch" } },
  // Filters of these are ignored, not refused: helm/helm's releases start with `on: {create: {tags: [v*]}}`.
  create: { "one-of": ["null", "ignored-ref-filters"] },
  delete: { "one-of": ["null", "ignored-ref-filters"] },
  "ignored-ref-filters": {
    mapping: {
      properties: {
        branches: "event-branches",
        "branches-ignore": "event-branches-ignore",
        tags: "event-tags",
        "tags-ignore": "event-tags-ignore",
      },
    },
  },
  // `inputs:` and `name:` with nothing behind them are no inputs, and a text.
  "workflow-dispatch-inputs": { "one-of": ["null", "workflow-dispatch-inputs-mapping"] },
  "workflow-dispatch-inputs-mapping": PUBLISHED["workflow-dispatch-inputs"] ?? {},
  "workflow-dispatch-input": { "one-of": ["null", "workflow-dispatch-input-mapping"] },
  "workflow-dispatch-input-mapping": PUBLISHED["workflow-dispatch-input"] ?? {},
};

/** What Slipway's files may say beyond GitHub's: what a job's pod may have on Kubernetes. */
const EXTENSIONS: SchemaSource["definitions"] = {
  "container-mapping": withProperties("container-mapping", {
    resources: "container-resources",
    annotations: "container-env",
  }),
  "service-container-mapping": withProperties("service-container-mapping", {
    resources: "container-resources",
  }),
  "container-resources": {
    context: ["github", "inputs", "vars", "needs", "strategy", "matrix"],
    mapping: { properties: { requests: "container-quantities", limits: "container-quantities" } },
  },
  "container-quantities": { mapping: { "loose-key-type": "non-empty-string", "loose-value-type": "string" } },
};

function withProperties(
  name: string,
  more: { readonly [property: string]: string },
): SchemaSource["definitions"][string] {
  const published = PUBLISHED[name] ?? {};
  return {
    ...published,
    mapping: { ...published.mapping, properties: { ...published.mapping?.properties, ...more } },
  };
}

export const WORKFLOW_SCHEMA_SOURCE: SchemaSource = {
  definitions: { ...PUBLISHED, ...CORRECTIONS, ...EXTENSIONS },
};

export const WORKFLOW_SCHEMA = new TemplateSchema(WORKFLOW_SCHEMA_SOURCE);
