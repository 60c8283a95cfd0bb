// GitHub's own parser as an oracle: whatever its reader refuses of a broken workflow, ours refuses, and nothing else.
// Conditions are left out: it looks at those only later.
import { FeatureFlags } from "@actions/expressions/features";
import {
  TemplateContext,
  TemplateValidationErrors,
} from "@actions/workflow-parser/templates/template-context";
import { NoOperationTraceWriter } from "@actions/workflow-parser/templates/trace-writer";
import { parseWorkflow as parseByLibrary } from "@actions/workflow-parser/workflows/workflow-parser";
import { getWorkflowSchema } from "@actions/workflow-parser/workflows/workflow-schema";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parse, stringify } from "yaml";
import type { Json } from "../../json.ts";
import { parseWorkflow } from "./parse-workflow.ts";

const WORKFLOW: Json = parse(`
name: CI
run-name: Deploy by \${{ github.actor }}
on:
  push: {branches: [main], tags: v1, paths: [src]}
  pull_request: {types: [opened]}
  schedule: [{cron: '30 5 * * 1-5', timezone: Europe/Berlin}]
  workflow_dispatch: {inputs: {level: {type: choice, options: [low], default: low, required: true}}}
  workflow_call: {inputs: {a: {type: string, default: x}}, secrets: {s: {required: true}}, outputs: {o: {value: x}}}
permissions: {contents: read, id-token: write}
env: {A: 1}
defaults: {run: {shell: bash, working-directory: x}}
concurrency: {group: ci, cancel-in-progress: true, queue: max}
jobs:
  build:
    name: Build
    runs-on: {labels: [x], group: g}
    needs: [other]
    strategy: {fail-fast: true, max-parallel: 2, matrix: {os: [linux], include: [{os: linux}], exclude: [{os: linux}]}}
    timeout-minutes: 3
    continue-on-error: false
    environment: {name: x, url: y, deployment: true}
    container: {image: x, env: {A: b}, ports: ['1'], volumes: [a], options: x, credentials: {username: x, password: y}}
    services: {db: {image: x, command: y}}
    outputs: {o: x}
    permissions: read-all
    concurrency: x
    steps:
      - {uses: actions/checkout@v4, with: {a: b}, env: {A: b}}
      - {id: a, name: n, run: x, shell: bash, working-directory: x, timeout-minutes: 1, continue-on-error: true, background: true}
      - {wait: [a]}
      - {wait-all: true}
      - {cancel: a}
      - {parallel: [{run: a}]}
  other: {uses: ./a.yml, with: {a: b}, secrets: {s: t}}
`);

/** What only our checks after the reader say. */
const LATER = new Set(
  "cycle unknown-needs no-steps no-jobs bad-uses bad-id duplicate-id unknown-step not-in-parallel bad-cron bad-timezone bad-pattern filter-conflict bad-input bad-matrix not-supported".split(
    " ",
  ),
);
/** Checks after the reader that share a code with it. */
const LATER_MESSAGE =
  /Container image|names no label|cannot be (empty|negative)|must be true|runs-on group|Matrix|'max-parallel'|No event is named/;

const VALUES: readonly Json[] = [
  null,
  true,
  3,
  "",
  "text",
  "push",
  "read",
  [],
  {},
  ["a"],
  [null],
  { a: "b" },
  { name: null },
  "${{ github.sha }}",
  "a ${{ github.sha }} b",
  "${{ secrets.x }}",
  "${{ steps.x.outcome }}",
  "${{ hashFiles('x') }}",
  "${{ nope }}",
  "${{ github.sha",
  "${{ }}",
  "${{ insert }}",
];
const KEYS = [
  "name",
  "run",
  "uses",
  "steps",
  "runs-on",
  "Name",
  "env",
  "${{ github.sha }}",
  "x",
  "types",
  "with",
];

/** Walks `turns` down into a value and changes what is there: the value, a key of it, or adds a key. */
function change(value: Json, turns: readonly number[], how: number, with_: Json, key: string): Json {
  const [turn, ...rest] = turns;
  if (Array.isArray(value) && turn !== undefined && value.length > 0) {
    const at = turn % value.length;
    return value.map((item, index) => (index === at ? change(item, rest, how, with_, key) : item));
  }
  if (typeof value === "object" && value !== null && !Array.isArray(value) && turn !== undefined) {
    const entries = Object.entries(value);
    if (entries.length === 0) return with_;
    const at = turn % entries.length;
    if (rest.length > 0) {
      return Object.fromEntries(
        entries.map(([name, inner], index) => [
          name,
          index === at ? change(inner, rest, how, with_, key) : inner,
        ]),
      );
    }
    if (how === 0) return Object.fromEntries(entries.filter((_, index) => index !== at));
    if (how === 1)
      return Object.fromEntries(entries.map(([name, inner], index) => [index === at ? key : name, inner]));
    if (how === 2) return Object.fromEntries([...entries, [key, with_]]);
  }
  return with_;
}

function refusedByLibrary(content: string): string | undefined {
  const context = new TemplateContext(
    new TemplateValidationErrors(),
    getWorkflowSchema(),
    new NoOperationTraceWriter(),
  );
  context.state.featureFlags = new FeatureFlags({ all: true });
  parseByLibrary({ name: "ci.yml", content }, context);
  return context.errors.getErrors()[0]?.message;
}

function refusedByUs(content: string): string | undefined {
  const { diagnostics } = parseWorkflow({ path: "ci.yml", content });
  const found = diagnostics.find(
    ({ severity, code, message }) => severity === "error" && !LATER.has(code) && !LATER_MESSAGE.test(message),
  );
  return found && `${found.code}: ${found.message}`;
}

describe("our reader and GitHub's", () => {
  it("both take the workflow that is about to be broken", () => {
    const content = stringify(WORKFLOW);
    expect([refusedByLibrary(content), refusedByUs(content)]).toEqual([undefined, undefined]);
  });

  it("refuse the same changes of a workflow", () => {
    let refused = 0;
    fc.assert(
      fc.property(
        fc.array(fc.nat(50), { minLength: 1, maxLength: 7 }),
        fc.nat(3),
        fc.constantFrom(...VALUES),
        fc.constantFrom(...KEYS),
        (turns, how, value, key) => {
          const content = stringify(change(WORKFLOW, turns, how, value, key), {
            aliasDuplicateObjects: false,
          });
          const library = refusedByLibrary(content);
          const ours = refusedByUs(content);
          // `inputs:` and `name:` without anything behind: see CORRECTIONS in workflow-schema.ts.
          fc.pre(
            !(
              library?.includes("Unexpected value ''") &&
              ours === undefined &&
              /inputs:\s*(null|\n)|level: null/.test(content)
            ),
          );
          if (library !== undefined) refused += 1;
          if ((library === undefined) !== (ours === undefined))
            throw new Error(`${content}\n${library}\n${ours}`);
        },
      ),
      { seed: 3, numRuns: 600, endOnFailure: true },
    );
    expect(refused).toBeGreaterThan(100);
  });
});
