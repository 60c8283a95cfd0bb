import { describe, expect, it } from "vitest";
import { workflowMistakes } from "../testing/list-mistakes.ts";

const JOB = "runs-on: ubuntu-latest\n    steps: [run: x]";

/** A workflow with `body` below its jobs, which start on line 3. */
function jobs(body: string): string {
  return `on: push\njobs:\n${body}`;
}

/** A workflow with `steps`, indented by 6, which start on line 6. */
function steps(body: string): string {
  return jobs(`  a:\n    runs-on: x\n    steps:\n${body}`);
}

describe("keys and values that the schema does not know", () => {
  it.each([
    [
      "a mistyped key",
      steps("      - runs: x"),
      ["6:9 unknown-key: Unexpected value 'runs' (Did you mean 'run'?)"],
    ],
    [
      "a key of the wrong case",
      jobs("  a:\n    Runs-On: x\n    steps: [run: x]"),
      ["4:5 unknown-key: Unexpected value 'Runs-On' (Did you mean 'runs-on'?)"],
    ],
    [
      "keys that exclude each other",
      steps("      - run: x\n        uses: a/b@v1"),
      ["7:9 unknown-key: Unexpected value 'uses' ('uses' cannot stand beside 'run')"],
    ],
    [
      "a step that does nothing",
      steps("      - name: x"),
      [
        "6:9 missing-key: There's not enough info to determine what you meant. Add one of these properties: cancel, run, uses, wait, wait-all",
      ],
    ],
    [
      "a job without runs-on",
      jobs("  a:\n    steps: [run: x]"),
      ["4:5 missing-key: Required property is missing: runs-on"],
    ],
    [
      "an unknown event",
      `on: pus\njobs:\n  a:\n    ${JOB}`,
      ["1:5 unexpected-value: Unexpected value 'pus' (Did you mean 'push'?)"],
    ],
    [
      "an unknown event in a mapping",
      `on:\n  pull-request:\njobs:\n  a:\n    ${JOB}`,
      ["2:3 unknown-key: Unexpected value 'pull-request' (Did you mean 'pull_request'?)"],
    ],
    [
      "an unknown activity",
      `on:\n  release:\n    types: [publish]\njobs:\n  a:\n    ${JOB}`,
      ["3:13 unexpected-value: Unexpected value 'publish' (Did you mean 'published'?)"],
    ],
    [
      "a mapping where a text belongs",
      jobs(`  a:\n    name: {a: b}\n    ${JOB}`),
      ["4:11 unexpected-mapping: A mapping was not expected (Expected a text)"],
    ],
    [
      "a sequence where a mapping belongs",
      `on: push\njobs: []`,
      ["2:7 unexpected-sequence: A sequence was not expected (Expected a mapping)"],
    ],
    [
      "no boolean",
      jobs(`  a:\n    continue-on-error: yes\n    ${JOB}`),
      ["4:24 unexpected-value: Unexpected value 'yes' (Expected true or false)"],
    ],
    [
      "no number",
      jobs(`  a:\n    timeout-minutes: long\n    ${JOB}`),
      ["4:22 unexpected-value: Unexpected value 'long' (Expected a number)"],
    ],
    [
      "an unknown permission",
      `on: push\npermissions:\n  content: read\njobs:\n  a:\n    ${JOB}`,
      ["3:3 unknown-key: Unexpected value 'content' (Did you mean 'contents'?)"],
    ],
    [
      "an unknown level",
      `on: push\npermissions:\n  contents: reed\njobs:\n  a:\n    ${JOB}`,
      ["3:13 unexpected-value: Unexpected value 'reed' (Did you mean 'read'?)"],
    ],
    ["no jobs at all", "on: push\n", ["1:1 missing-key: Required property is missing: jobs"]],
    ["empty jobs", "on: push\njobs: {}", ["2:1 no-jobs: The workflow must contain at least one job"]],
    ["an empty step", steps("      -"), ["6:8 unexpected-value: Unexpected value '' (Expected a mapping)"]],
    [
      "a root that is no mapping",
      "- a\n- b",
      ["1:1 unexpected-sequence: A sequence was not expected (Expected a mapping)"],
    ],
    [
      "a root that is a text",
      "hello",
      ["1:1 unexpected-value: Unexpected value 'hello' (Expected a mapping)"],
    ],
    [
      "a refused key",
      jobs(`  a:\n    snapshot: my-image\n    ${JOB}`),
      [
        "4:5 not-supported: 'snapshot' is not supported: there is no machine image to take one of (Remove it to run this job here)",
      ],
    ],
  ])("names %s", (_, content, mistakes) => {
    expect(workflowMistakes(content)).toEqual(mistakes);
  });

  it("finds mistakes of every kind in one go, in the order of the file", () => {
    const found = workflowMistakes(`
      on: push
      jobs:
        a:
          runs-on: ubuntu-latest
          needs: [b, nobody]
          steps:
            - run: echo \${{ matrix.x && unknown.thing }}
            - runs: typo
        b:
          runs-on: ubuntu-latest
          needs: a
          steps:
            - id: same
              run: echo \${{ nosuch('x') }}
            - id: SAME
              run: 'true'
    `);
    expect(found.map((line) => line.split(" ").slice(0, 2).join(" "))).toEqual([
      "5:13 cycle:",
      "5:16 unknown-needs:",
      "7:35 expression:",
      "8:9 unknown-key:",
      "14:23 expression:",
      "15:13 duplicate-id:",
    ]);
  });
});

describe("duplicate keys", () => {
  it.each([
    ["in a job", jobs("  a:\n    runs-on: x\n    steps: [run: x]\n    runs-on: y"), "6:5"],
    ["of another case", jobs(`  a:\n    ${JOB}\n  A:\n    ${JOB}`), "6:3"],
    ["in a free mapping", jobs(`  a:\n    env: {FOO: 1, foo: 2}\n    ${JOB}`), "4:19"],
  ])("are refused %s", (_, content, place) => {
    expect(workflowMistakes(content)[0]).toMatch(
      new RegExp(`^${place} duplicate-key: '.*' is already defined`),
    );
  });
});

describe("jobs", () => {
  it.each([
    [
      "an unknown need",
      jobs(`  build:\n    ${JOB}\n  test:\n    needs: [biuld]\n    ${JOB}`),
      ["7:13 unknown-needs: Job 'test' needs 'biuld', which does not exist (Did you mean 'build'?)"],
    ],
    [
      "a cycle, once and whole",
      jobs(`  a:\n    needs: c\n    ${JOB}\n  b:\n    needs: a\n    ${JOB}\n  c:\n    needs: b\n    ${JOB}`),
      ["4:12 cycle: These jobs need each other in a circle: a → c → b → a"],
    ],
    [
      "a need of itself",
      jobs(`  a:\n    needs: a\n    ${JOB}`),
      ["4:12 cycle: These jobs need each other in a circle: a → a"],
    ],
    [
      "no steps",
      jobs("  a:\n    runs-on: x"),
      ["3:3 no-steps: The job 'a' has no steps (Add 'steps', or 'uses' to call a workflow)"],
    ],
    [
      "an empty list of steps",
      jobs("  a:\n    runs-on: x\n    steps: []"),
      ["3:3 no-steps: The job 'a' has no steps (Add 'steps', or 'uses' to call a workflow)"],
    ],
    [
      "a negative timeout",
      jobs(`  a:\n    timeout-minutes: -1\n    ${JOB}`),
      ["4:22 unexpected-value: A number of minutes cannot be negative or without end"],
    ],
    [
      "no label",
      jobs("  a:\n    runs-on: []\n    steps: [run: x]"),
      ["4:14 unexpected-value: 'runs-on' names no label"],
    ],
    [
      "a bad runner group",
      jobs("  a:\n    runs-on: {group: x/y, labels: z}\n    steps: [run: x]"),
      [
        "4:22 unexpected-value: Invalid runs-on group name 'x/y' (Expected a name, 'organization/name' or 'enterprise/name')",
      ],
    ],
    [
      "a runner group, which chooses nothing here",
      jobs("  a:\n    runs-on: {group: big, labels: z}\n    steps: [run: x]"),
      [
        "4:15 ignored-group?: There are no runner groups here: the labels alone choose where this job runs (Without 'labels', the group's name is taken for one)",
      ],
    ],
    [
      "a container without an image",
      jobs(`  a:\n    container: {options: x}\n    ${JOB}`),
      ["4:5 missing-key: Container image cannot be empty (Add 'image')"],
    ],
    [
      "a service without an image",
      jobs(`  a:\n    services:\n      db: {ports: ['1']}\n    ${JOB}`),
      ["5:7 missing-key: Container image cannot be empty (Add 'image')"],
    ],
    [
      "an empty concurrency group",
      `on: push\nconcurrency: ''\njobs:\n  a:\n    ${JOB}`,
      ["2:14 unexpected-value: The name of a concurrency group cannot be empty"],
    ],
    [
      "an unknown concurrency queue",
      `on: push\nconcurrency: {group: a, queue: maximum}\njobs:\n  a:\n    ${JOB}`,
      ["2:32 unexpected-value: Unexpected value 'maximum' (Expected one of: single, max)"],
    ],
  ])("name %s", (_, content, mistakes) => {
    expect(workflowMistakes(content)).toEqual(mistakes);
  });

  it.each(["1a", "-a", "a.b", "ä", "a b", "a".repeat(100), "__a"])("may not be called %s", (id) => {
    expect(workflowMistakes(jobs(`  "${id}":\n    ${JOB}`))[0]).toContain(
      `3:3 bad-id: The identifier '${id}' is invalid`,
    );
  });
});

describe("calls of workflows", () => {
  it.each([
    ["no file", "uses: ./build", "names no workflow file"],
    ["a local file at a ref", "uses: ./a.yml@v1", "names no workflow file"],
    ["a file of its own commit at a ref", "uses: $/a.yml@v1", "names no workflow file"],
    ["a remote file without a ref", "uses: o/r/a.yml", "Did you mean './o/r/a.yml'?"],
    ["steps beside it", "uses: ./a.yml\n    steps: [run: x]", "Unexpected value 'steps'"],
    ["another word than inherit", "uses: ./a.yml\n    secrets: inherited", "Did you mean 'inherit'?"],
    ["a sequence of inputs", "uses: ./a.yml\n    with: [a]", "A sequence was not expected"],
  ])("name %s", (_, body, message) => {
    expect(workflowMistakes(jobs(`  a:\n    ${body}`)).join("\n")).toContain(message);
  });

  it.each([
    "./.github/workflows/a.yml",
    "$/.github/workflows/a.yml",
    "./.workflows/a.yaml",
    "o/r/.github/workflows/a.yml@main",
  ])("may name %s", (uses) => {
    expect(workflowMistakes(jobs(`  a:\n    uses: ${uses}\n    secrets: inherit`))).toEqual([]);
  });
});

describe("steps", () => {
  it.each([
    [
      "actions/checkout",
      "Add a version: 'actions/checkout@<tag, branch or commit>', or './actions/checkout' for a folder of this repository",
    ],
    ["checkout@v4", "Expected owner/repo[/path]@ref, ./path or docker://image"],
    ["a/b@", "Expected owner/repo[/path]@ref, ./path or docker://image"],
    ["a/b@c@d", "Expected owner/repo[/path]@ref, ./path or docker://image"],
    ["docker://", "Expected owner/repo[/path]@ref, ./path or docker://image"],
  ])("cannot use %s", (uses, hint) => {
    expect(workflowMistakes(steps(`      - uses: ${uses}`))).toEqual([
      `6:15 bad-uses: '${uses}' names no action (${hint})`,
    ]);
  });

  it.each(["a/b@v1", "a/b/c/d@v1", "./x", ".\\\\x", "docker://alpine:3", "$/x", "a/b@refs/heads/x"])(
    "can use %s",
    (uses) => {
      expect(workflowMistakes(steps(`      - uses: "${uses}"`))).toEqual([]);
    },
  );

  it.each([
    [
      "an unknown step",
      "- {id: a, run: x, background: true}\n      - wait: b",
      "7:15 unknown-step: No step before this one has the id 'b' (Background steps before this one: a)",
    ],
    [
      "a step that comes later",
      "- wait: a\n      - {id: a, run: x, background: true}",
      "6:15 unknown-step: No step before this one has the id 'a' (No step before this one has 'background: true')",
    ],
    [
      "a step in the foreground",
      "- {id: a, run: x}\n      - cancel: a",
      "7:17 unknown-step: The step 'a' does not run in the background (Add 'background: true' to that step)",
    ],
    ["itself", "- {id: a, wait: [a]}", "6:24 unknown-step: The step 'a' cannot wait for or cancel itself"],
  ])("cannot wait for %s", (_, body, mistake) => {
    expect(workflowMistakes(steps(`      ${body}`))).toEqual([mistake]);
  });

  it("cannot say no to waiting for all", () => {
    expect(workflowMistakes(steps("      - wait-all: false"))).toEqual([
      "6:19 unexpected-value: The value of 'wait-all' must be true, or left away",
    ]);
  });

  it.each(["background: true, run: x", "wait-all: true", "cancel: a", "parallel: []"])(
    "cannot stand inside parallel as {%s}",
    (inside) => {
      expect(workflowMistakes(steps(`      - parallel:\n          - {${inside}}`)).join("\n")).toContain(
        "is not allowed inside 'parallel'",
      );
    },
  );
});

describe("matrices", () => {
  const matrix = (body: string) => jobs(`  a:\n    strategy:\n      matrix:\n${body}\n    ${JOB}`);
  const long = (count: number) => `[${Array.from({ length: count }, (_, index) => index).join(", ")}]`;

  it.each([
    ["an empty vector", "        os: []", "6:13 bad-matrix: Matrix vector 'os' does not contain any values"],
    [
      "a value that is no list",
      "        os: linux",
      "6:13 unexpected-value: Unexpected value 'linux' (Expected a sequence)",
    ],
    [
      "an exclude without its vector",
      "        os: [a]\n        exclude:\n          - arch: x",
      "8:13 bad-matrix: The matrix exclude key 'arch' does not match any key within the matrix",
    ],
    ["257 legs", `        x: ${long(257)}`, "6:9 bad-matrix: The matrix has more than 256 legs"],
  ])("name %s", (_, body, mistake) => {
    expect(workflowMistakes(matrix(body))).toEqual([mistake]);
  });

  it("may have 256 legs", () => {
    expect(workflowMistakes(matrix(`        x: ${long(16)}\n        y: ${long(16)}`))).toEqual([]);
  });

  it("are not judged where an expression decides", () => {
    expect(
      workflowMistakes(matrix(`        x: \${{ fromJSON(github.event.x) }}\n        exclude: [{y: 1}]`)),
    ).toEqual([]);
  });
});

describe("containers", () => {
  const container = (body: string) => jobs(`  a:\n    container:\n      image: x\n${body}\n    ${JOB}`);

  it("may say what their pod gets, which GitHub's files cannot", () => {
    const resources = "      resources: {requests: {cpu: 500m}, limits: {memory: 1Gi}}";
    expect(workflowMistakes(container(`${resources}\n      annotations: {team: x}`))).toEqual([]);
  });

  it.each([
    ["resources: {cpu: 1}", "Unexpected value 'cpu'"],
    ["resource: {}", "Unexpected value 'resource'"],
    ["annotations: [x]", "Expected a mapping"],
  ])("with %s are mistaken", (line, mistake) => {
    expect(workflowMistakes(container(`      ${line}`)).join("\n")).toMatch(
      new RegExp(mistake.replace("Expected", "(?:Expected|expected|Unexpected)")),
    );
  });
});
