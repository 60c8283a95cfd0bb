import { parseDocument } from "yaml";
import type { TemplateEntry, TemplateMapping, TemplateValue } from "../../spec/template/template-value.ts";
import type {
  ConditionSpec,
  InputSpec,
  JobSpec,
  StepSpec,
  TriggerSpec,
  WorkflowSpec,
} from "../../spec/workflow-spec.ts";

type Tree = { readonly [key: string]: unknown };
const at = { line: 1, column: 1 };

/** A workflow's YAML as a spec, as far as the tests of builds need it. */
export function specOf(text: string, file = "ci.yml"): WorkflowSpec {
  const tree = parseDocument(text).toJS() as Tree;
  return {
    file,
    format: "workflow",
    on: triggersOf(tree.on),
    artifacts: [],
    ...optional("name", tree.name as string | undefined),
    ...optional("runName", template(tree["run-name"])),
    ...optional("env", template(tree.env)),
    ...optional("concurrency", template(tree.concurrency)),
    ...optional("permissions", tree.permissions as "write-all" | undefined),
    jobs: Object.entries((tree.jobs ?? {}) as Tree).map(([id, job]) => jobOf(id, job as Tree)),
  };
}

function jobOf(id: string, job: Tree): JobSpec {
  const strategy = job.strategy as Tree | undefined;
  const base = {
    id,
    at,
    needs: job.needs === undefined ? [] : [job.needs].flat().map(String),
    ...optional("name", template(job.name)),
    ...optional("if", conditionOf(job.if)),
    ...optional("concurrency", template(job.concurrency)),
    ...optional("permissions", job.permissions as "write-all" | undefined),
    ...optional(
      "strategy",
      strategy && {
        ...optional("matrix", template(strategy.matrix)),
        ...optional("failFast", template(strategy["fail-fast"])),
        ...optional("maxParallel", template(strategy["max-parallel"])),
      },
    ),
  };
  if (job.uses !== undefined) {
    return {
      ...base,
      kind: "call",
      uses: String(job.uses),
      ...optional("with", template(job.with) as TemplateMapping | undefined),
      ...optional(
        "secrets",
        job.secrets === "inherit"
          ? ("inherit" as const)
          : (template(job.secrets) as TemplateMapping | undefined),
      ),
    };
  }
  return {
    ...base,
    kind: "steps",
    runsOn: template(job["runs-on"]) ?? "ubuntu-latest",
    ...optional("env", template(job.env)),
    ...optional("timeoutMinutes", template(job["timeout-minutes"])),
    ...optional("cancelTimeoutMinutes", template(job["cancel-timeout-minutes"])),
    ...optional("continueOnError", template(job["continue-on-error"])),
    ...optional("environment", template(job.environment)),
    ...optional("container", template(job.container)),
    ...optional("services", template(job.services)),
    ...optional("outputs", template(job.outputs) as TemplateMapping | undefined),
    ...optional("preferredImage", template(job.image)),
    steps: [job.steps ?? job.run ?? []]
      .flat()
      .map((step) => stepOf(typeof step === "string" ? { run: step } : (step as Tree))),
  };
}

function stepOf(step: Tree): StepSpec {
  const base = { at, background: false, ...optional("id", step.id as string | undefined) };
  if (step.uses !== undefined) return { ...base, kind: "uses", uses: String(step.uses) };
  return { ...base, kind: "run", run: template(step.run) ?? "" };
}

function triggersOf(on: unknown): TriggerSpec[] {
  if (typeof on === "string") return [{ event: on, at }];
  return Object.entries((on ?? {}) as Tree).map(([event, filters]) => {
    const { inputs, secrets, outputs } = (filters ?? {}) as { readonly [key: string]: Tree | undefined };
    return {
      event,
      at,
      inputs: Object.entries(inputs ?? {}).map(([name, input]) => inputOf(name, (input ?? {}) as Tree)),
      secrets: Object.entries(secrets ?? {}).map(([name, secret]) => ({
        name,
        required: (secret as Tree | null)?.required === true,
      })),
      outputs: Object.entries(outputs ?? {}).map(([name, output]) => ({
        name,
        value: template((output as Tree).value) ?? "",
      })),
    };
  });
}

function inputOf(name: string, input: Tree): InputSpec {
  return {
    name,
    type: (input.type ?? "string") as InputSpec["type"],
    required: input.required === true,
    ...optional("default", template(input.default)),
    ...optional("options", input.options as readonly string[] | undefined),
  };
}

function conditionOf(value: unknown): ConditionSpec | undefined {
  if (value === undefined) return undefined;
  const source = String(value)
    .replace(/^\$\{\{(.*)\}\}$/s, "$1")
    .trim();
  const asksStatus = /\b(success|failure|cancelled|always)\s*\(/.test(source);
  return { source: asksStatus ? source : `success() && (${source})`, at };
}

function template(value: unknown): TemplateValue | undefined {
  if (value === undefined) return undefined;
  if (typeof value === "string") return textTemplate(value);
  if (Array.isArray(value)) return { kind: "sequence", items: value.map((item) => template(item) ?? null) };
  if (typeof value === "object" && value !== null) {
    const entries = Object.entries(value).map(([key, item]): TemplateEntry => {
      const name = textTemplate(key);
      return {
        key:
          typeof name === "string" ? name : (name as { kind: "expression"; source: string; at: typeof at }),
        value: template(item) ?? null,
      };
    });
    return { kind: "mapping", entries };
  }
  return value as number | boolean | null;
}

function textTemplate(text: string): TemplateValue {
  const parts = text.split(/\$\{\{(.*?)\}\}/s);
  if (parts.length === 1) return text;
  const [before, source = "", after] = parts;
  if (parts.length === 3 && before === "" && after?.trim() === "")
    return { kind: "expression", source: source.trim(), at };
  const format = parts.map((part, index) =>
    index % 2 === 0 ? part.replaceAll("'", "''").replace(/[{}]/g, "$&$&") : `{${(index - 1) / 2}}`,
  );
  const args = parts.filter((_, index) => index % 2 === 1).map((part) => part.trim());
  return { kind: "expression", source: `format('${format.join("")}', ${args.join(", ")})`, at };
}

function optional<K extends string, V>(key: K, value: V | undefined): { [P in K]?: Exclude<V, undefined> } {
  return value === undefined ? {} : ({ [key]: value } as { [P in K]: Exclude<V, undefined> });
}
