import source from "../../../node_modules/@actions/workflow-parser/dist/action-v1.0.min.json" with {
  type: "json",
};
import { type SchemaSource, TemplateSchema } from "../template/template-schema.ts";

/** As GitHub publishes it: the test of the compatibility tables looks at every key of it. */
export const PUBLISHED_ACTION_SCHEMA = source as SchemaSource;

/**
 * The published strict schema is for writing actions. GitHub's runner takes more, and so must whoever runs actions of
 * others: it never looks at names, branding, unknown keys of the root and `required`, and not at the case of `using`.
 */
const CORRECTIONS: SchemaSource["definitions"] = {
  "action-root": {
    mapping: {
      properties: {
        name: "string",
        description: "string",
        author: "any",
        branding: "any",
        inputs: "inputs-strict",
        outputs: "outputs",
        runs: { type: "runs-strict", required: true },
      },
      "loose-key-type": "non-empty-string",
      "loose-value-type": "any",
    },
  },
  "input-strict": {
    mapping: {
      properties: { default: "input-default-context", deprecationMessage: "string" },
      "loose-key-type": "non-empty-string",
      "loose-value-type": "any",
    },
  },
  using: { string: { "require-non-empty": true } },
};

export const ACTION_SCHEMA = new TemplateSchema({
  definitions: { ...PUBLISHED_ACTION_SCHEMA.definitions, ...CORRECTIONS },
});
