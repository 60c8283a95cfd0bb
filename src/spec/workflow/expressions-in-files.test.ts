import { describe, expect, it } from "vitest";
import { dedent, workflowMistakes } from "../testing/list-mistakes.ts";

/** A workflow with one job, whose steps start on line 6. */
function steps(body: string): string {
  return `on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n${body}`;
}

describe("expressions", () => {
  it.each([
    ["plain", "      - run: echo ${{ bad.x }}", "6:23"],
    ["single-quoted", "      - run: 'it''s ${{ bad.x }}'", "6:25"],
    ["double-quoted, behind escapes", '      - run: "\\u00e4\\t${{ bad.x }}"', "6:27"],
    ["double-quoted, over two lines", '      - run: "a\n          ${{ bad.x }}"', "7:15"],
    ["plain, over two lines", "      - run: a\n          b ${{ bad.x }}", "7:17"],
    ["a literal block", "      - run: |\n          one\n\n            ${{ bad.x }}", "9:17"],
    ["a folded block", "      - run: >-\n          one\n          two ${{ bad.x }}", "8:19"],
    ["a block with its indentation told", "      - run: |2\n            ${{ bad.x }}", "7:17"],
    ["behind wide characters", "      - run: 名前 😀 ${{ bad.x }}", "6:24"],
    ["the second of a line", "      - run: ${{ github.sha }} ${{ bad.x }}", "6:36"],
    [
      "inside an expression over lines",
      "      - run: |\n          ${{ github.sha &&\n              bad.x }}",
      "8:15",
    ],
  ])("are found where they stand: %s", (_, body, place) => {
    expect(workflowMistakes(steps(body))[0]).toMatch(
      new RegExp(`^${place} expression: There is no context 'bad'`),
    );
  });

  it("point at the same place where lines end in CRLF", () => {
    const content = steps("      - run: |\n          one\n          ${{ bad.x }}").replaceAll("\n", "\r\n");
    expect(workflowMistakes(content)[0]).toMatch(/^8:15 expression/);
  });

  it.each([
    ["an open one", "echo ${{ github.sha", "6:19 expression-not-closed"],
    ["an empty one", "${{ }}", "6:14 expression: An expression was expected"],
    ["double quotes", '${{ "x" }}', "6:18 expression: Unexpected symbol"],
    ["an unknown function", "${{ containz('a', 'b') }}", "Did you mean 'contains'?"],
    ["too few arguments", "${{ contains('a') }}", "6:18 expression: Too few parameters supplied"],
    ["a function of another place", "${{ success() }}", "The function 'success' is not available here"],
    ["hashFiles without a pattern", "${{ hashFiles() }}", "Too few parameters supplied: 'hashFiles'"],
    ["insert in a text", "a ${{ insert }}", "'insert' is only allowed alone"],
    ["an unbalanced one", "${{ (github.sha }}", "6:"],
  ])("name %s", (_, run, mistake) => {
    const found = workflowMistakes(steps(`      - run: >-\n          ${run}`).replace(">-\n          ", ""));
    expect(found).toHaveLength(1);
    expect(found[0]).toContain(mistake);
  });

  it.each([
    ["on", "on: ${{ github.x }}\njobs: {a: {runs-on: x, steps: [run: x]}}", "1:5"],
    ["a job's id", "on: push\njobs:\n  ${{ github.x }}: {runs-on: x, steps: [run: x]}", "3:3"],
    ["uses", steps("      - uses: ${{ github.x }}"), "6:15"],
    ["a step's shell", steps("      - run: x\n        shell: ${{ vars.x }}"), "7:16"],
    ["a step's id", steps("      - run: x\n        id: ${{ vars.x }}"), "7:13"],
  ])("are not allowed as %s", (_, content, place) => {
    expect(workflowMistakes(content)).toEqual([
      `${place} expression-not-allowed: A template expression is not allowed here`,
    ]);
  });

  it.each([
    ["secrets in a job's if", "if: secrets.x", "secrets"],
    ["env in a job's if", "if: env.x == 'y'", "env"],
    ["steps in runs-on", "env: {A: '${{ steps.x }}'}", "steps"],
    ["matrix in strategy", "strategy: {fail-fast: '${{ matrix.x }}'}", "matrix"],
    ["runner in the job's name", "name: ${{ runner.os }}", "runner"],
  ])("know no %s", (_, key, context) => {
    const content = `on: push\njobs:\n  a:\n    ${key}\n    runs-on: x\n    steps: [run: x]`;
    expect(workflowMistakes(content).join()).toContain(`The context '${context}' is not available here`);
  });

  it("may not make a text longer than GitHub's evaluator takes", () => {
    expect(workflowMistakes(steps(`      - run: ${"x".repeat(21_000)} \${{ github.sha }}`))).toEqual([
      "6:14 expression: A text with expressions in it may have at most 21000 characters (Put the script into a file, or the expressions into `env`)",
    ]);
  });
});

describe("names that stand for nothing", () => {
  const workflow = (body: string) =>
    dedent(`
    on:
      workflow_dispatch:
        inputs: {level: {}}
      workflow_call:
        inputs: {kind: {type: string}}
        outputs:
          good: {value: "\${{ jobs.build.outputs.version }}"}
    jobs:
      build:
        runs-on: x
        outputs: {version: "\${{ steps.v.outputs.v }}"}
        steps: [{id: v, run: x}]
      call:
        uses: ./x.yml
      test:
        needs: [build, call]
        runs-on: x
        strategy: {matrix: {node: [1], include: [{extra: 1}]}}
        steps:
          - {id: one, run: x}
          - run: ${body}
          - {id: two, run: x}
    `);

  it.each([
    "${{ steps.one.outputs.anything }}",
    "${{ STEPS.ONE.OUTCOME }}",
    "${{ steps['one'].conclusion }}",
    "${{ steps.*.outcome }}",
    "${{ steps[github.sha].outputs }}",
    "${{ needs.build.outputs.version }}",
    "${{ needs.call.outputs.anything }}",
    "${{ needs.*.result }}",
    "${{ inputs.level }} ${{ inputs.kind }}",
    "${{ matrix.node }} ${{ matrix.extra }} ${{ matrix }}",
    "${{ github.event.anything.at.all }} ${{ github.ref_name }}",
    "${{ env.ANYTHING }} ${{ vars.ANYTHING }} ${{ secrets.ANYTHING }}",
    "${{ runner.temp }} ${{ strategy.job-index }} ${{ job.status }}",
    "${{ 'steps.nobody' }}",
  ])("are none of those in %s", (body) => {
    expect(workflowMistakes(workflow(body))).toEqual([]);
  });

  it.each([
    [
      "${{ steps.on.outputs.x }}",
      "21:18 unknown-step-reference?: There is no step with the id 'on': it is empty here (Did you mean 'one'?)",
    ],
    [
      "${{ steps.two.outputs.x }}",
      "21:18 unknown-step-reference?: The step 'two' has not run yet here: its values are empty",
    ],
    [
      "${{ steps.one.output.x }}",
      "21:18 unknown-property?: There is no property of a step 'output': it is empty here (Did you mean 'outputs'?)",
    ],
    [
      "${{ needs.biuld.result }}",
      "21:18 unknown-need?: There is no need 'biuld': it is empty here (Did you mean 'build'?)",
    ],
    [
      "${{ needs.test.result }}",
      "21:18 unknown-need?: 'test' is not among the needs of this job: its values are empty here (Add 'test' to 'needs')",
    ],
    [
      "${{ needs.build.outputs.versoin }}",
      "21:18 unknown-output?: There is no output of the job 'build' 'versoin': it is empty here (Did you mean 'version'?)",
    ],
    [
      "${{ needs.build.status }}",
      "21:18 unknown-property?: There is no property of the job 'build' 'status': it is empty here (Known: outputs, result)",
    ],
    [
      "${{ inputs.levle }}",
      "21:18 unknown-input?: There is no input 'levle': it is empty here (Did you mean 'level'?)",
    ],
    [
      "${{ matrix.nod }}",
      "21:18 unknown-matrix-key?: There is no matrix key 'nod': it is empty here (Did you mean 'node'?)",
    ],
    [
      "${{ github.ref_nam }}",
      "21:18 unknown-property?: There is no property of 'github' 'ref_nam': it is empty here (Did you mean 'ref_name'?)",
    ],
    [
      "${{ github.sha }} ${{ format('{0}', steps['on'].outcome) }}",
      "21:50 unknown-step-reference?: There is no step with the id 'on': it is empty here (Did you mean 'one'?)",
    ],
  ])("are warned of in %s", (body, mistake) => {
    expect(workflowMistakes(workflow(body))).toEqual([mistake]);
  });

  it("are warned of in conditions, job outputs and outputs of the workflow", () => {
    const found = workflowMistakes(`
      on:
        workflow_call:
          outputs: {x: {value: "\${{ jobs.nobody.outputs.y }}"}}
      jobs:
        a:
          runs-on: x
          if: needs.nobody.result == 'success'
          outputs: {o: "\${{ steps.nothing.outputs.o }}"}
          steps:
            - if: steps.none.outcome
              run: x
    `);
    expect(found.map((line) => line.split(" ").slice(0, 2).join(" "))).toEqual([
      "3:31 unknown-job?:",
      "7:9 unknown-need?:",
      "8:23 unknown-step-reference?:",
      "10:13 unknown-step-reference?:",
    ]);
  });

  it("let steps of a parallel group see what came before the group, not each other", () => {
    const found = workflowMistakes(
      steps(
        "      - {id: a, run: x}\n      - parallel:\n          - {id: b, run: '${{ steps.a.outcome }}'}\n          - {id: c, run: '${{ steps.b.outcome }}'}\n      - run: ${{ steps.c.outcome }}",
      ),
    );
    expect(found).toEqual([
      "9:31 unknown-step-reference?: The step 'b' has not run yet here: its values are empty",
    ]);
  });
});
