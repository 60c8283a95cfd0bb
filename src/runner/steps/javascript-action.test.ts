import { describe, expect, test } from "vitest";
import { ExecError } from "../../errors.ts";
import { parseAction } from "../../spec/actions/parse-action.ts";
import type { ActionStore } from "../actions/action-store.ts";
import type { ResolvedAction } from "../actions/resolved-action.ts";
import type { RunnerPorts } from "../runner-ports.ts";
import { jobOf, recordJob } from "../testing/record-job.ts";

/** Says what it is told; saves `note` for the stages after it. */
const SAY = `const fs = require("fs");
const stage = process.argv[1].replace(/.*\\//, "").replace(".js", "");
console.log("#" + [stage, process.env.INPUT_TEXT, process.env.STATE_note].join(" "));
if (stage !== "post") fs.appendFileSync(process.env.GITHUB_STATE, "note=" + stage + "-" + process.env.INPUT_TEXT + "\\n");
if (stage === "main") fs.appendFileSync(process.env.GITHUB_OUTPUT, "said=" + process.env.INPUT_TEXT + "\\n");
if (process.env.INPUT_TEXT === "fail-" + stage) process.exit(3);
`;
const manifest = (more: string, runs = "using: node24\n  main: main.js") =>
  `name: Note\ninputs: { text: { default: none } }\noutputs: { said: { description: x } }\nruns:\n  ${runs}\n${more}`;
const action = (folder: string, more: string) => ({
  [`${folder}/action.yml`]: manifest(more),
  [`${folder}/pre.js`]: SAY,
  [`${folder}/main.js`]: SAY,
  [`${folder}/post.js`]: SAY,
});

/** `octo/NAME@v1` is the folder NAME of the workspace, as if it had been fetched. */
function storeOf(asked: string[], broken: readonly string[] = []): Partial<RunnerPorts> {
  const store: Pick<ActionStore, "resolve"> = {
    async resolve(uses, { workspace }): Promise<ResolvedAction> {
      asked.push(uses);
      if (broken.includes(uses)) throw new ExecError("NotFound", `Cannot find ${uses}`);
      if (uses.startsWith("docker://")) return { kind: "docker", image: uses };
      const name = uses
        .replace(/^octo\//, "")
        .replace(/@.*/, "")
        .replace(/^\.\//, "");
      const directory = `${workspace}/${name}`;
      const { readFileSync } = await import("node:fs");
      const content = readFileSync(`${directory}/action.yml`, "utf8");
      const { spec, diagnostics } = parseAction({ path: `${name}/action.yml`, content });
      if (spec === undefined) throw new Error(JSON.stringify(diagnostics));
      const local = uses.startsWith("./");
      const named = local ? {} : { repository: `octo/${name}`, ref: "v1" };
      return { kind: "action", directory, spec, uses, local, root: workspace, warnings: [], ...named };
    },
  };
  return { createActionStore: () => store as ActionStore };
}

const said = (log: string) => [...log.matchAll(/^#(?!#)(.*)$/gm)].map(([, text]) => text?.trim());

interface Case {
  readonly title: string;
  readonly files: { readonly [path: string]: string };
  readonly steps: string;
  readonly said: readonly string[];
  readonly ends: readonly string[];
  readonly result?: "failure";
}

const POST = "  post: post.js";
const FULL = "  pre: pre.js\n  post: post.js";
const composite = (steps: string) =>
  `name: c\ninputs: { text: { default: inner } }\nruns:\n  using: composite\n  steps:\n${steps}`;

const cases: readonly Case[] = [
  {
    title: "pre runs before all steps, post after all in reverse order, each with the state of its own step",
    files: action("full", FULL),
    steps: `
- name: script
  run: echo "#script"
- name: one
  uses: octo/full@v1
  with: { text: first }
- name: two
  uses: octo/full@v1
  with: { text: second }`,
    said: [
      "pre first",
      "pre second",
      "script",
      "main first pre-first",
      "main second pre-second",
      "post second main-second",
      "post first main-first",
    ],
    ends: [
      "Pre one: success",
      "Pre two: success",
      "script: success",
      "one: success",
      "two: success",
      "Post two: success",
      "Post one: success",
    ],
  },
  {
    title: "post runs after the main of its step failed, and after later failures",
    files: action("a", POST),
    steps: `
- name: ok
  uses: ./a
  with: { text: fine }
- name: fails
  uses: ./a
  with: { text: fail-main }
- name: never
  uses: ./a`,
    said: ["main fine", "main fail-main", "post fail-main main-fail-main", "post fine main-fine"],
    ends: ["ok: success", "fails: failure", "never: skipped", "Post fails: success", "Post ok: success"],
    result: "failure",
  },
  {
    title: "post-if decides about post",
    files: {
      ...action("good", `${POST}\n  post-if: success()`),
      ...action("bad", `${POST}\n  post-if: failure()`),
    },
    steps: "- name: bad\n  uses: ./bad\n- name: good\n  uses: ./good\n- name: breaks\n  run: exit 1",
    said: ["main none", "main none", "post none main-none"],
    ends: ["bad: success", "good: success", "breaks: failure", "Post good: skipped", "Post bad: success"],
    result: "failure",
  },
  {
    title: "pre-if decides about pre",
    files: action("a", `  pre: pre.js\n  pre-if: github.event_name == 'schedule'`),
    steps: "- name: a\n  uses: octo/a@v1",
    said: ["main none"],
    ends: ["Pre a: skipped", "a: success"],
  },
  {
    title: "post runs where pre ran, although the step itself was skipped",
    files: action("a", FULL),
    steps: "- name: script\n  run: exit 1\n- name: a\n  uses: octo/a@v1",
    said: ["pre none", "post none pre-none"],
    ends: ["Pre a: success", "script: failure", "a: skipped", "Post a: success"],
    result: "failure",
  },
  {
    title: "a failing post fails the job",
    files: action("a", POST),
    steps: "- name: a\n  uses: ./a\n  with: { text: fail-post }",
    said: ["main fail-post", "post fail-post main-fail-post"],
    ends: ["a: success", "Post a: failure"],
    result: "failure",
  },
  {
    title: "a failing pre fails the job; steps with always() still run",
    files: action("a", FULL),
    steps:
      "- name: a\n  uses: octo/a@v1\n  with: { text: fail-pre }\n- name: always\n  if: always()\n  run: 'true'",
    said: ["pre fail-pre", "post fail-pre pre-fail-pre"],
    ends: ["Pre a: failure", "a: skipped", "always: success", "Post a: success"],
    result: "failure",
  },
  {
    title:
      "posts of actions inside a composite run in one post step, in reverse, with inputs and state of each",
    files: {
      ...action("js", POST),
      "c/action.yml": composite(`    - id: same
      uses: ./js
      with: { text: '\${{ inputs.text }}-1' }
    - uses: ./d
      with: { text: '\${{ inputs.text }}-2' }
    - if: false
      uses: ./js
      with: { text: skipped }
`),
      "d/action.yml": composite(`    - id: same
      uses: ./js
      with: { text: '\${{ inputs.text }}' }
`),
    },
    steps:
      "- id: same\n  name: one\n  uses: ./c\n  with: { text: x }\n- name: two\n  uses: ./c\n  with: { text: y }",
    said: [
      "main x-1",
      "main x-2",
      "main y-1",
      "main y-2",
      "post y-2 main-y-2",
      "post y-1 main-y-1",
      "post x-2 main-x-2",
      "post x-1 main-x-1",
    ],
    ends: ["one: success", "two: success", "Post two: success", "Post one: success"],
  },
  {
    title: "pre of an action inside a fetched composite runs in the pre of the outer one",
    files: {
      ...action("js", FULL),
      "c/action.yml": composite("    - uses: octo/js@v1\n      with: { text: '${{ inputs.text }}' }\n"),
    },
    steps: '- name: script\n  run: echo "#script"\n- name: c\n  uses: octo/c@v1\n  with: { text: x }',
    said: ["pre x", "script", "main x pre-x", "post x main-x"],
    ends: ["Pre c: success", "script: success", "c: success", "Post c: success"],
  },
];

describe("JavaScript actions", () => {
  test.each(cases)("$title", async ({ files, steps, said: expected, ends, result = "success" }) => {
    const job = await recordJob(jobOf(steps), { files, ports: storeOf([]) });
    expect(said(job.printed), job.log).toEqual(expected);
    expect(job.ends).toEqual(ends);
    expect(job.finished?.result).toBe(result);
  });

  test("a local action's pre is not run, which is said", async () => {
    const job = await recordJob(jobOf("- name: a\n  uses: ./a"), {
      files: action("a", FULL),
      ports: storeOf([]),
    });
    expect(said(job.printed)).toEqual(["main none", "post none main-none"]);
    expect(job.annotations).toEqual([
      expect.objectContaining({
        level: "warning",
        message: "`pre` execution is not supported for local action from './a'",
      }),
    ]);
  });

  test("outputs, head of the log, warnings of inputs, and the environment only actions get", async () => {
    const services = {
      resultsUrl: "http://127.0.0.1:1/",
      cacheUrl: "http://127.0.0.1:2/",
      runtimeUrl: "http://127.0.0.1:3/",
      runtimeToken: "run.time.token",
    };
    const files = {
      ...action("a", ""),
      "show/action.yml": manifest(""),
      "show/main.js":
        "console.log('#' + process.env.ACTIONS_RESULTS_URL, process.env.GITHUB_ACTION_REPOSITORY, process.env.ACTIONS_RUNTIME_TOKEN)",
    };
    const steps = `
- id: a
  uses: octo/a@v1
  with: { text: hello, other: thing }
- run: test "\${{ steps.a.outputs.said }}" = hello && test -z "$ACTIONS_RUNTIME_TOKEN"
- uses: octo/show@v1`;
    const job = await recordJob(jobOf(steps), { files, ports: storeOf([]), request: { services } });
    expect(job.finished?.result, job.log).toBe("success");
    expect(said(job.printed)).toEqual(["main hello", "http://127.0.0.1:1/ octo/show ***"]);
    expect(job.step("Run octo/a@v1").log).toContain(
      "##[group]Run octo/a@v1\nwith:\n  text: hello\n  other: thing\n##[endgroup]\n",
    );
    expect(job.annotations.map(({ message }) => message)).toEqual([
      "Unexpected input(s) 'other', valid inputs are ['text']",
    ]);
  });
});

describe("what is known before the first step", () => {
  const files = {
    ...action("a", FULL),
    "docker/action.yml": manifest("", "using: docker\n  image: Dockerfile"),
    "c/action.yml": composite("    - uses: octo/docker@v1\n"),
  };

  test("an action whose step can never run is not asked for", async () => {
    const asked: string[] = [];
    const steps =
      "- if: false\n  uses: octo/gone@v1\n- if: github.event_name == 'schedule'\n  uses: octo/gone@v2\n- if: false\n  uses: ./gone\n- if: false\n  uses: docker://alpine\n- run: 'true'";
    const job = await recordJob(jobOf(steps), { ports: storeOf(asked) });
    expect([asked, job.finished?.result]).toEqual([[], "success"]);
  });

  test("a missing action fails the job before its first step where its step is sure to be reached", async () => {
    const job = await recordJob(jobOf("- run: echo never\n- uses: octo/gone@v1"), {
      ports: storeOf([], ["octo/gone@v1"]),
    });
    expect(job.finished).toMatchObject({ result: "failure", error: "Cannot find octo/gone@v1" });
    expect(job.ends).toEqual([]);
    expect(job.step("Set up job").log).toContain("##[error]Cannot find octo/gone@v1");
  });

  test("a missing action of a step that may be skipped fails that step, if it is not", async () => {
    const steps = `
- id: s
  name: first
  run: echo "go=\${{ vars.GO }}" >> "$GITHUB_OUTPUT"
- name: maybe
  if: steps.s.outputs.go == 'yes'
  uses: octo/gone@v1`;
    const outcome = async (go: string) => {
      const ports = storeOf([], ["octo/gone@v1"]);
      return (await recordJob(jobOf(steps), { ports, contexts: { vars: { GO: go } } })).ends;
    };
    expect(await outcome("no")).toEqual(["first: success", "maybe: skipped"]);
    expect(await outcome("yes")).toEqual(["first: success", "maybe: failure"]);
  });

  const refused: readonly (readonly [string, string, string])[] = [
    ["docker://", "- uses: docker://alpine:3", "docker://alpine:3"],
    ["a docker action", "- uses: octo/docker@v1", "octo/docker@v1"],
    ["a docker action inside a composite", "- uses: octo/c@v1", "octo/docker@v1"],
    ["a step that may run", "- if: env.X\n  uses: docker://alpine:3", "docker://alpine:3"],
  ];

  test.each(refused)(
    "%s is refused before anything of the job runs, with its line",
    async (_, step, uses) => {
      const job = await recordJob(jobOf(`- run: echo never\n${step}`), { files, ports: storeOf([]) });
      expect(job.finished).toMatchObject({
        result: "failure",
        error: expect.stringMatching(
          new RegExp(
            `test\\.yml \\(Line: 7, Col: \\d+\\): '${uses}' runs in a container and needs the docker or kubernetes executor`,
          ),
        ),
      });
      expect(job.ends).toEqual([]);
    },
  );
});
