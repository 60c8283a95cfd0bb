import { describe, expect, it } from "vitest";
import { evaluateString } from "../expressions/evaluate.ts";
import type { Scope } from "../expressions/scope.ts";
import type { StepsJobSpec, WorkflowSpec } from "../workflow-spec.ts";
import { parsePlatform } from "./parse-platform.ts";

const FILE = ".platform.yaml";

function specOf(content: string): WorkflowSpec {
  const { spec, diagnostics } = parsePlatform({ path: FILE, content });
  if (!spec) throw new Error(JSON.stringify(diagnostics));
  return spec;
}

function jobsOf(content: string): StepsJobSpec[] {
  return specOf(content).jobs.filter((job) => job.kind === "steps");
}

/** A file of one step, with these lines in it. */
function step(...lines: string[]): string {
  return ["pipeline:", "  steps:", "    - name: a", ...lines.map((line) => `      ${line}`)].join("\n");
}
const GOOD = step("image: alpine", "commands: [make]");

const scope: Scope = {
  contexts: {
    github: {
      sha: "abc",
      ref: "refs/heads/main",
      ref_name: "main",
      ref_type: "branch",
      repository: "me/shop",
      repository_id: "7",
      run_id: "42",
      head_ref: "",
    },
    secrets: { KEY: "k'3}y" },
    vars: { REGISTRY: "reg.example.org" },
    env: { MODE: "fast" },
  },
};

describe("a .platform.yaml", () => {
  it.each([
    ["", undefined],
    ["workspace: clone", undefined],
    ["workspace: pvc", "shared"],
    ["workspace: &w 'pvc'", "shared"],
  ])("has its steps share a workspace only where it says so: %s", (line, workspace) => {
    expect(specOf(`${line}\n${GOOD}`).workspace).toBe(workspace);
  });

  it("becomes one job for each step, which clones the commit and runs the commands", () => {
    const [job] = jobsOf(step("image: alpine:3", "commands:", "  - make", "  - make test"));
    expect(job).toMatchObject({
      kind: "steps",
      id: "a",
      name: "a",
      needs: [],
      preferredImage: "alpine:3",
      at: { line: 3, column: 7 },
      steps: [
        { kind: "uses", uses: "actions/checkout@v4" },
        {
          kind: "run",
          name: "a",
          shell: "sh",
          run: "printf '%s\\n' '+ make'\nmake\nprintf '%s\\n' '+ make test'\nmake test\n",
          at: { line: 6, column: 11 },
        },
      ],
    });
  });

  it("is plain JSON, which comes back the same", () => {
    const spec = specOf(GOOD);
    expect(JSON.parse(JSON.stringify(spec))).toEqual(spec);
  });

  it("lets a step wait for the one before it where it names none, and for none where it says so", () => {
    const jobs = jobsOf(`
pipeline:
  steps:
    - {name: one, image: i, commands: [x]}
    - {name: two, image: i, commands: [x]}
    - {name: three, image: i, commands: [x], depends_on: []}
    - {name: four, image: i, commands: [x], depends_on: [one, three, one]}
    - {name: five, image: i, commands: [x], depends_on: four}
    - {name: six, image: i, commands: [x], depends_on: }
`);
    expect(jobs.map(({ needs }) => needs)).toEqual([[], ["one"], [], ["one", "three"], ["four"], []]);
  });

  it("gives every step the platform's variables", () => {
    const [job] = jobsOf(GOOD);
    const env = job?.env;
    if (typeof env !== "object" || env?.kind !== "mapping") throw new Error("no env");
    const values = env.entries.map(({ key, value }) => [key, evaluateString(value, scope)]);
    expect(Object.fromEntries(values)).toEqual({
      PLATFORM_PROJECT_ID: "7",
      PLATFORM_PROJECT_NAME: "me/shop",
      COMMIT_SHA: "abc",
      COMMIT_REF: "refs/heads/main",
      COMMIT_BRANCH: "main",
      PIPELINE_ID: "42",
      STEP_NAME: "a",
      REGISTRY: "reg.example.org",
      PROJECT: "me/shop",
    });
  });

  it("puts expressions into commands and environment, and shows the commands as they are written", () => {
    const [job] = jobsOf(
      step(
        "image: alpine",
        "environment:",
        "  TOKEN: ${{ secrets.KEY }}",
        "  MIX: a-${{ vars.REGISTRY }}-{b}",
        "  COUNT: 1.50",
        "  EMPTY:",
        "commands:",
        "  - echo '${{ secrets.KEY }}' {x} ${{ env.MODE }}",
        "  - test it''s",
      ),
    );
    const run = job?.steps[1];
    if (run?.kind !== "run") throw new Error("no run");
    expect(evaluateString(run.run, scope)).toBe(
      [
        "printf '%s\\n' '+ echo '\\''${{ secrets.KEY }}'\\'' {x} ${{ env.MODE }}'",
        "echo 'k'3}y' {x} fast",
        "printf '%s\\n' '+ test it'\\'''\\''s'",
        "test it''s\n",
      ].join("\n"),
    );
    const env = run.env;
    if (typeof env !== "object" || env?.kind !== "mapping") throw new Error("no env");
    const values = env.entries.map(({ key, value }) => [key, evaluateString(value, scope)]);
    expect(values).toEqual([
      ["TOKEN", "k'3}y"],
      ["MIX", "a-reg.example.org-{b}"],
      ["COUNT", "1.50"],
      ["EMPTY", ""],
    ]);
  });

  it("replaces variables and expressions in an image", () => {
    const [job] = jobsOf(
      step("image: $REGISTRY/${PROJECT}/${{ vars.REGISTRY }}:$COMMIT_SHA-$STEP_NAME", "commands: [x]"),
    );
    expect(evaluateString(job?.preferredImage ?? "", scope)).toBe(
      "reg.example.org/me/shop/reg.example.org:abc-a",
    );
  });

  it("makes legal and different ids of names, and keeps the names", () => {
    const names = ["build", "Build", "unit tests", "1st", "сборка", "a/b", "a b", "-", "unit-tests"];
    const steps = names.map((name) => `    - {name: "${name}", image: i, commands: [x]}`);
    const jobs = jobsOf(["pipeline:", "  steps:", ...steps].join("\n"));
    expect(jobs.map(({ name }) => name)).toEqual(names);
    expect(jobs.map(({ id }) => id)).toEqual([
      "build",
      "Build-2",
      "unit-tests-2",
      "_1st",
      "step-5",
      "a-b",
      "a-b-2",
      "step-8",
      "unit-tests",
    ]);
    expect(jobs[4]?.needs).toEqual(["_1st"]);
  });

  it("keeps artifacts, and tells every job to collect them", () => {
    const spec = specOf(
      `${GOOD}\nartifacts:\n  - {name: site, path: out/, expires: 7d}\n  - {name: log, path: "*.log"}`,
    );
    const artifacts = [
      { name: "site", path: "out/", expiresSeconds: 604_800 },
      { name: "log", path: "*.log" },
    ];
    expect(spec.artifacts).toEqual(artifacts);
    expect(spec.jobs).toMatchObject([{ collect: artifacts }]);
    expect(jobsOf(GOOD)[0]).not.toHaveProperty("collect");
  });

  it.each([
    ["45s", 45],
    ["30m", 1_800],
    ["12h", 43_200],
    ["2w", 1_209_600],
  ])("keeps an artifact for %s", (expires, seconds) => {
    const spec = specOf(`${GOOD}\nartifacts: [{name: x, path: y, expires: ${expires}}]`);
    expect(spec.artifacts[0]?.expiresSeconds).toBe(seconds);
  });

  it("reads its triggers", () => {
    const on = `
on:
  push:
    branches: [main, "rel/**", "!rel/x"]
  mr:
    actions: [opened, updated]
  schedule:
    - cron: "0 4 * * 1"
    - {cron: "30 5 * * *", timezone: Europe/Berlin}
`;
    expect(specOf(on + GOOD).on).toEqual([
      { event: "push", branches: ["main", "rel/**", "!rel/x"], at: { line: 3, column: 3 } },
      { event: "mr", types: ["opened", "synchronize"], at: { line: 5, column: 3 } },
      {
        event: "schedule",
        schedules: [{ cron: "0 4 * * 1" }, { cron: "30 5 * * *", timezone: "Europe/Berlin" }],
        at: { line: 7, column: 3 },
      },
    ]);
  });

  it.each([
    ["", ["push", "mr"]],
    ["on: push\n", ["push"]],
    ["on: [push, mr]\n", ["push", "mr"]],
    ["on:\n  push:\n", ["push"]],
    ["on: {push: {branches: main}}\n", ["push"]],
  ])("is started by what it names, else by pushes and merge requests: %j", (on, events) => {
    expect(specOf(on + GOOD).on.map(({ event }) => event)).toEqual(events);
  });

  it("may use anchors and aliases", () => {
    const jobs = jobsOf(`
pipeline:
  steps:
    - name: one
      image: &image alpine:3
      commands: &commands [make]
    - name: two
      image: *image
      commands: *commands
`);
    expect(jobs[1]).toMatchObject({ preferredImage: "alpine:3", needs: ["one"] });
  });

  it("takes commands that YAML would read as other types, as they are written", () => {
    const [job] = jobsOf(step("image: 3", "commands: [true, 1.0, 0x10]"));
    expect(job?.preferredImage).toBe("3");
    expect(job?.steps[1]).toMatchObject({ run: expect.stringContaining("\ntrue\n") });
    expect(job?.steps[1]).toMatchObject({ run: expect.stringContaining("\n1.0\n") });
  });

  it("takes one command over several lines", () => {
    const [job] = jobsOf(step("image: i", "commands:", "  - |", "    if true; then", "      echo", "    fi"));
    expect(job?.steps[1]).toMatchObject({
      run: "printf '%s\\n' '+ if true; then\n  echo\nfi'\nif true; then\n  echo\nfi\n",
    });
  });
});
