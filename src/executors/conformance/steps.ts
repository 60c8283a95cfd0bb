/** Small words to write the steps of a case with. */
import type { TemplateExpression, TemplateMapping } from "../../spec/template/template-value.ts";
import type { RunStepSpec, UsesStepSpec } from "../../spec/workflow-spec.ts";

const at = { line: 1, column: 1 };

export const run = (script: string | TemplateExpression, more: Partial<RunStepSpec> = {}): RunStepSpec => ({
  kind: "run",
  run: script,
  background: false,
  at,
  ...more,
});

export const uses = (action: string, more: Partial<UsesStepSpec> = {}): UsesStepSpec => ({
  kind: "uses",
  uses: action,
  background: false,
  at,
  ...more,
});

export const expression = (source: string): TemplateExpression => ({ kind: "expression", source, at });

export const when = (source: string) => ({ if: { source, at } });

export const mapping = (entries: {
  readonly [key: string]: string | TemplateExpression;
}): TemplateMapping => ({
  kind: "mapping",
  entries: Object.entries(entries).map(([key, value]) => ({ key, value })),
});

/** A step whose processes are found by the marker. */
export const marked = (marker: string, script: string, more: Partial<RunStepSpec> = {}): RunStepSpec =>
  run(script, { env: mapping({ CONFORMANCE_MARKER: marker }), ...more });

/** Says `ready`, and goes on until it is ended. */
export const FOREVER = "echo ready; while :; do sleep 0.05; done";

/** The text of a script that writes files below the workspace: for actions that a step makes for the next one. */
export function writes(files: { readonly [path: string]: string }): string {
  return Object.entries(files)
    .map(([path, content]) => {
      const folder = path.includes("/") ? `mkdir -p '${path.slice(0, path.lastIndexOf("/"))}'\n` : "";
      return `${folder}cat > '${path}' <<'END_OF_FILE'\n${content}\nEND_OF_FILE`;
    })
    .join("\n");
}
