import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseAction } from "../actions/parse-action.ts";
import { parsePipeline } from "../parse-pipeline.ts";

const WORKFLOW = `name: CI
run-name: Deploy by @\${{ github.actor }}
on:
  push: {branches: [main, 'release/**'], paths: ['!docs/**', 'src/**']}
  schedule: [{cron: '30 5 * * 1-5', timezone: Europe/Berlin}]
  workflow_dispatch:
    inputs:
      level: {type: choice, options: [low, high], default: low}
permissions: {contents: read, id-token: write}
env: &env
  A: 1.10
  B: "\${{ github.sha }}-\\u00e4"
concurrency: {group: "ci-\${{ github.ref }}", cancel-in-progress: true}
jobs:
  build:
    runs-on: [self-hosted, "\${{ matrix.os }}"]
    strategy:
      matrix:
        os: [linux, mac]
        include: [{os: linux, extra: true}]
        exclude: [{os: mac}]
    env: *env
    outputs:
      version: \${{ steps.version.outputs.value }}
    steps:
      - uses: actions/checkout@v4
        with: {fetch-depth: 0}
      - id: version
        run: |
          echo "value=\${{ github.run_number }}" >> "$GITHUB_OUTPUT"
          if [ '\${{ case(true, 'a', 'b') }}' ]; then exit; fi
        if: success() && github.ref == 'refs/heads/main'
      - {id: server, run: sleep 10, background: true}
      - wait: [server]
      - parallel: [{run: a}, {run: b}]
  deploy:
    needs: [build]
    if: \${{ always() && needs.build.result == 'success' }}
    uses: ./.github/workflows/deploy.yml
    with: {version: "\${{ needs.build.outputs.version }}"}
    secrets: inherit
`;
const ACTION = `name: Act
inputs: {who: {default: "\${{ github.actor }}", required: true}}
outputs: {x: {value: "\${{ steps.a.outputs.x }}"}}
runs:
  using: composite
  steps:
    - {id: a, run: "echo \${{ inputs.who }}", shell: bash}
`;

/** Pieces that have broken parsers before. */
const PIECES = [
  ..."[]{}:,-?&*!|>'\"%@`#~=<$\\ \t\n\r\0",
  "${{",
  "}}",
  "<<: *env",
  "*env",
  "&env ",
  "- - - ",
  "? ",
  ": ",
  "---\n",
  "...\n",
  "%YAML 1.1\n",
  "!!binary ",
  "!!int ",
  "|+9\n",
  "\uFEFF",
  "\u2028",
  "\uD800",
  "😀",
  "null",
  "__proto__: x\n",
  "constructor: {}",
  "0x",
  "1e999",
  "'".repeat(99),
  "[".repeat(300),
  "${{ ".repeat(50),
  "(".repeat(200),
  "a.b".repeat(999),
];

interface Edit {
  readonly at: number;
  readonly length: number;
  readonly piece: string;
}

const edit: fc.Arbitrary<Edit> = fc.record({
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  length: fc.constantFrom(0, 0, 1, 2, 5, 40, 400),
  piece: fc.oneof(fc.constantFrom(...PIECES), fc.string({ maxLength: 8 })),
});

function mutate(text: string, edits: readonly Edit[]): string {
  let result = text;
  for (const { at, length, piece } of edits) {
    const start = Math.floor(at * result.length);
    result = result.slice(0, start) + piece + result.slice(start + length);
  }
  return result;
}

const LIMIT_MS = 1_000;

/** Never throws, never hangs, never both a spec and an error, always a place inside the file. */
function check(content: string): void {
  for (const parse of [
    () => parsePipeline({ path: "ci.yml", content }),
    () => parsePipeline({ path: ".platform.yaml", content }),
    () => parseAction({ path: "action.yml", content }),
  ]) {
    const started = performance.now();
    const { spec, diagnostics } = parse();
    if (performance.now() - started > LIMIT_MS) throw new Error("took too long");
    const failed = diagnostics.some(({ severity }) => severity === "error");
    if (failed === (spec !== undefined))
      throw new Error(`a spec: ${spec !== undefined}, an error: ${failed}`);
    const lines = content.split("\n").length;
    for (const { line, column, endLine, message } of diagnostics) {
      if (line < 1 || column < 1 || endLine < line || line > lines || message === "")
        throw new Error("a bad place");
    }
    if (spec && JSON.stringify(JSON.parse(JSON.stringify(spec))) !== JSON.stringify(spec))
      throw new Error("no JSON");
  }
}

describe("the parsers of pipeline files and actions", () => {
  it("read the files that are about to be broken", () => {
    expect(parsePipeline({ path: "ci.yml", content: WORKFLOW }).diagnostics).toEqual([]);
    expect(parseAction({ path: "action.yml", content: ACTION }).diagnostics).toEqual([]);
  });

  it.each([
    ["a workflow", WORKFLOW, 400],
    ["an action", ACTION, 200],
  ])("survive %s with anything put in or taken out", (_, text, numRuns) => {
    fc.assert(
      fc.property(fc.array(edit, { minLength: 1, maxLength: 6 }), (edits) => check(mutate(text, edits))),
      { seed: 20_240_817, numRuns, endOnFailure: true },
    );
  });

  it("survive any text", () => {
    const text = fc.array(fc.constantFrom(...PIECES, "on: push\n", "jobs:\n  ", "a: "), { maxLength: 40 });
    fc.assert(
      fc.property(text, (pieces) => check(pieces.join(""))),
      { seed: 20_240_817, numRuns: 300, endOnFailure: true },
    );
  });

  it.each([
    ["a megabyte of brackets", "[".repeat(1_000_000)],
    ["a megabyte of quotes", "'".repeat(1_000_000)],
    ["a megabyte of dashes", "- ".repeat(500_000)],
    ["a megabyte of open expressions", `on: push\nname: ${"${{ ".repeat(200_000)}`],
    ["a megabyte of empty expressions", `on: push\nname: ${"${{}}".repeat(200_000)}`],
    ["many unknown keys", Array.from({ length: 20_000 }, (_, index) => `key${index}: x`).join("\n")],
    [
      "many jobs with mistakes",
      `on: push\njobs:\n${Array.from({ length: 5_000 }, (_, index) => `  j${index}: {needs: [nobody${index}], runs-on: x, steps: [{runs: x}]}`).join("\n")}`,
    ],
    [
      "many aliases",
      `on: push\nenv: {A: &a b}\njobs: {a: {runs-on: x, steps: [${"{run: *a},".repeat(10_000)}]}}`,
    ],
    [
      "many anchors",
      `on: push\njobs: {a: {runs-on: x, steps: [${Array.from({ length: 10_000 }, (_, index) => `{run: &a${index} b}`).join(",")}]}}`,
    ],
    ["one deep expression", `on: push\nname: x\nrun-name: \${{ ${"(".repeat(5_000)}1${")".repeat(5_000)} }}`],
    [
      "a chain of needs in a circle",
      `on: push\njobs:\n${Array.from({ length: 3_000 }, (_, index) => `  j${index}: {needs: j${(index + 1) % 3_000}, runs-on: x, steps: [{run: x}]}`).join("\n")}`,
    ],
  ])("are not held up by %s", (_, content) => {
    const { diagnostics } = parsePipeline({ path: "ci.yml", content });
    expect(diagnostics.length).toBeLessThanOrEqual(501);
  });
});
