// GitHub's own schema, as its language service publishes it: keys, contexts and events are never listed by hand here.
import source from "../../../node_modules/@actions/workflow-parser/dist/workflow-v1.0.min.json" with {
  type: "json",
};
import { type SchemaSource, TemplateSchema } from "../template/template-schema.ts";

/** What the published schema gets wrong: it calls `on: repository_dispatch` by another event's name. */
const CORRECTIONS: SchemaSource["definitions"] = {
  "repository-dispatch-string": { string: { constant: "repository_dispatch" } },
};

export const WORKFLOW_SCHEMA_SOURCE: SchemaSource = {
  definitions: { ...(source as SchemaSource).definitions, ...CORRECTIONS },
};

export const WORKFLOW_SCHEMA = new TemplateSchema(WORKFLOW_SCHEMA_SOURCE);
