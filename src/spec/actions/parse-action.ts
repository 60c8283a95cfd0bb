import type { Diagnostic } from "../diagnostic.ts";
import { DiagnosticList } from "../diagnostic-list.ts";
import { toStringValue } from "../expressions/coerce.ts";
import type { PipelineFile } from "../pipeline-file.ts";
import { SourceText } from "../source-text.ts";
import { suggest } from "../suggest.ts";
import { readTemplate } from "../template/template-reader.ts";
import { expressionsIn, type MappingToken, type Token, textEntries } from "../template/token.ts";
import { checkParts, checkStepReferences } from "../workflow/check-references.ts";
import { type Conversion, Fields } from "../workflow/conversion.ts";
import { ACTION_SCHEMA } from "./action-schema.ts";
import type { ActionInputSpec, ActionOutputSpec, ActionSpec } from "./action-spec.ts";
import { convertRuns } from "./convert-runs.ts";

export interface ParsedAction {
  /** Undefined exactly when there is an error among the diagnostics. */
  spec?: ActionSpec;
  diagnostics: Diagnostic[];
}

const ROOT_KEYS = ["name", "description", "author", "branding", "inputs", "outputs", "runs"];

/** Reads an `action.yml` as GitHub's runner does, and says everything that is wrong with it. Never throws. */
export function parseAction(file: PipelineFile): ParsedAction {
  const source = new SourceText(file.content);
  const diagnostics = new DiagnosticList(file.path, source);
  const root = readTemplate(source, ACTION_SCHEMA, "action-root", diagnostics);
  const spec = root?.kind === "mapping" ? convertAction(root, { source, diagnostics }) : undefined;
  const found = diagnostics.toArray();
  return spec && !diagnostics.hasErrors ? { spec, diagnostics: found } : { diagnostics: found };
}

function convertAction(root: MappingToken, conversion: Conversion): ActionSpec | undefined {
  const fields = new Fields(root, conversion);
  checkRootKeys(root, conversion);
  const inputs = convertInputs(fields.get("inputs"), conversion);
  const outputs = convertOutputs(fields.get("outputs"), conversion);
  const runsToken = fields.get("runs");
  const runs = runsToken && convertRuns(runsToken, conversion);
  if (!runs?.spec) return undefined;
  if (runs.spec.using === "composite") {
    const names = new Set(inputs.map(({ name }) => name.toLowerCase()));
    const scope = { inputs: names, steps: runs.steps, stepsBefore: runs.steps.length };
    checkStepReferences(runs.steps, scope, conversion);
    const values = textEntries(fields.get("outputs")).flatMap(({ value }) => [...expressionsIn(value)]);
    checkParts(
      values.flatMap(({ parts }) => parts),
      scope,
      conversion,
    );
  }
  return {
    ...fields.text("name", "name"),
    ...fields.text("description", "description"),
    inputs,
    outputs,
    runs: runs.spec,
  };
}

/** The runner skips keys it does not know; one that is almost a known one is probably a slip. */
function checkRootKeys(root: MappingToken, { diagnostics }: Conversion): void {
  for (const { name, key } of textEntries(root)) {
    const meant = ROOT_KEYS.includes(name) ? undefined : suggest(name, ROOT_KEYS);
    if (meant !== undefined) {
      diagnostics.warning(
        "unknown-key",
        key,
        `'${name}' has no meaning in an action`,
        `Did you mean '${meant}'?`,
      );
    }
  }
}

function convertInputs(token: Token | undefined, conversion: Conversion): ActionInputSpec[] {
  return textEntries(token).map(({ name, value }) => {
    const fields = new Fields(value, conversion);
    const required = fields.get("required");
    return {
      name,
      required: required?.kind === "literal" && toStringValue(required.value).toLowerCase() === "true",
      ...fields.template("default", "default"),
      ...fields.text("deprecationMessage", "deprecationMessage"),
    };
  });
}

function convertOutputs(token: Token | undefined, conversion: Conversion): ActionOutputSpec[] {
  return textEntries(token).map(({ name, value }) => ({
    name,
    ...new Fields(value, conversion).template("value", "value"),
  }));
}
