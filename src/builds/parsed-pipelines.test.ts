import { expect, test } from "vitest";
import { parsePipeline } from "../spec/parse-pipeline.ts";
import type { WorkflowSpec } from "../spec/workflow-spec.ts";
import { fakeBuild } from "./testing/fake-build.ts";

/** The other tests of builds make their specs by a shorter hand; these hold that to what the parsers give. */
function parsed(path: string, content: string): WorkflowSpec {
  const { spec, diagnostics } = parsePipeline({ path, content });
  if (spec === undefined) throw new Error(diagnostics.map(({ message }) => message).join("\n"));
  return spec;
}

test("a workflow as its parser reads it", async () => {
  const spec = parsed(
    ".github/workflows/ci.yml",
    `
name: CI
run-name: Build \${{ github.ref_name || github.ref }}
on: push
concurrency: { group: "\${{ github.workflow }}", cancel-in-progress: true }
permissions: { contents: read }
jobs:
  plan:
    runs-on: ubuntu-latest
    outputs: { list: "\${{ steps.s.outputs.list }}" }
    steps: [{ id: s, run: 'list=["a","b"]' }]
  each:
    needs: plan
    runs-on: \${{ matrix.item }}
    name: Item \${{ matrix.item }}
    continue-on-error: \${{ matrix.item == 'b' }}
    strategy: { fail-fast: false, matrix: { item: "\${{ fromJSON(needs.plan.outputs.list) }}" } }
    steps: [{ run: "exit \${{ strategy.job-index }}" }]
  call:
    needs: [each]
    if: needs.each.result == 'success'
    uses: ./.github/workflows/called.yml
    with: { n: 2 }
    secrets: inherit
  never:
    needs: call
    if: \${{ failure() }}
    runs-on: ubuntu-latest
    steps: [{ run: exit 1 }]
`,
  );
  const called = parsed(
    ".github/workflows/called.yml",
    `
on: { workflow_call: { inputs: { n: { type: number, required: true }, text: { type: string, default: x } } } }
jobs:
  inner:
    runs-on: ubuntu-latest
    steps: [{ run: "\${{ inputs.n }}\${{ inputs.text }}" }]
`,
  );
  const build = await fakeBuild("jobs: {}", {
    spec,
    loadWorkflow: async () => ({ spec: called, content: "", origin: { file: called.file } }),
  });
  expect(build.jobs).toEqual({
    plan: "success",
    each: "success",
    "Item a": "success",
    "Item b": "success",
    call: "success",
    "call / inner": "success",
    never: "skipped",
  });
  expect(build.events[0]).toMatchObject({ title: "Build refs/heads/main", workflow: "CI" });
  const skipped = build.events.find((event) => event.type === "job.finished" && event.job === "never");
  expect(skipped).toMatchObject({ reason: "its condition is false: failure()" });
});

test("a .platform.yaml as its parser reads it", async () => {
  const spec = parsed(
    ".platform.yaml",
    `
pipeline:
  steps:
    - { name: one, image: alpine:3, commands: [exit 0] }
    - { name: two, image: alpine:3, commands: [exit 0] }
    - { name: free, image: "node:24", commands: [exit 0], depends_on: [] }
`,
  );
  const build = await fakeBuild("jobs: {}", { spec, executorOptions: { refusal: "no containers here" } });
  expect(build.jobs).toEqual({ one: "success", two: "success", free: "success" });
  expect(build.events.flatMap((event) => (event.type === "warning" ? [event.message] : []))).toEqual([
    "Images are not used here, the commands run on this machine: alpine:3, node:24",
  ]);
});
