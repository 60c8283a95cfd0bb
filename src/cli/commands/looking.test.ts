import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { main } from "../main.ts";
import { memoryIo } from "../memory-io.fixture.ts";

const CI = `name: CI
on: [push, pull_request]
jobs:
  lint:
    runs-on: ubuntu-latest
    steps: [{run: 'true'}]
  test:
    name: test \${{ matrix.node }}
    needs: lint
    strategy: {matrix: {node: [22, 24]}}
    runs-on: ubuntu-latest
    steps: [{run: 'true'}, {uses: ./actions/greet}]
  docs:
    runs-on: ubuntu-latest
    steps: [{run: 'true'}]
  deploy:
    needs: [test, docs]
    if: github.ref == 'refs/heads/main'
    uses: ./.github/workflows/deploy.yml
    with: {target: staging}
`;
const DEPLOY = `on:
  workflow_call:
    inputs:
      target: {type: string, required: true}
jobs:
  go:
    runs-on: ubuntu-latest
    steps: [{run: 'true'}]
`;
const ACTION = "runs:\n  using: composite\n  steps:\n    - run: 'true'\n      shell: bash\n";

let folder = "";

beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), "slipway-look-")));
  write({
    ".github/workflows/ci.yml": CI,
    ".github/workflows/deploy.yml": DEPLOY,
    "actions/greet/action.yml": ACTION,
  });
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function write(files: Readonly<Record<string, string>>): void {
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), content);
  }
}

async function slipway(...args: string[]) {
  const io = memoryIo({ cwd: folder, env: { PATH: process.env.PATH ?? "" } });
  const code = await main(args, io);
  return { code, out: io.stdout.text, err: io.stderr.text };
}

describe("slipway graph", () => {
  it.each(["text", "mermaid", "dot", "json"])("draws the jobs as %s", async (format) => {
    const { code, out } = await slipway("graph", "ci.yml", "--format", format);
    expect(out).toMatchSnapshot();
    expect(code).toBe(0);
  });

  it("draws all pipelines as text, and asks which one for other formats", async () => {
    const { out } = await slipway("graph");
    expect(out).toMatch(/^CI \.github\/workflows\/ci\.yml\n/);
    expect(out).toContain("deploy.yml");
    expect(await slipway("graph", "--format", "dot")).toMatchObject({
      code: 2,
      err: expect.stringContaining("draws one pipeline, and there are 2"),
    });
  });

  it("is what `run --graph` shows", async () => {
    expect((await slipway("run", "-g", "ci.yml")).out).toBe((await slipway("graph", "ci.yml")).out);
  });

  it("fits boxes of any names into the width", async () => {
    write({
      ".github/workflows/ci.yml": CI.replace("lint:\n", `lint:\n    name: ${"日本語".repeat(30)} "<&> \n`),
    });
    const { out } = await slipway("graph", "ci.yml");
    for (const line of out.split("\n")) expect(line.length).toBeLessThanOrEqual(100);
    expect((await slipway("graph", "ci.yml", "--format", "mermaid")).out).toContain("#34;#60;#38;#62;");
  });
});

describe("slipway list", () => {
  it("lists pipelines with their events and jobs", async () => {
    const { code, out } = await slipway("list");
    expect(out).toMatchSnapshot();
    expect(code).toBe(0);
  });

  it("says which of them an event starts, and why not the others", async () => {
    const { out } = await slipway("list", "--event", "push");
    expect(out).toMatch(/CI .*starts/);
    expect(out).toMatch(/deploy\.yml .*does not start: 'push' is not among its triggers/);
    const { pipelines } = JSON.parse((await slipway("list", "--json", "--event", "push")).out);
    expect(pipelines).toMatchObject([
      {
        file: ".github/workflows/ci.yml",
        starts: true,
        jobs: [{ id: "lint" }, {}, {}, { uses: expect.anything() }],
      },
      { file: ".github/workflows/deploy.yml", starts: false },
    ]);
    expect((await slipway("run", "--list")).out).toBe((await slipway("list")).out);
  });

  it("shows the sound pipelines beside the mistakes of the others", async () => {
    write({ ".github/workflows/bad.yml": "on: push\njobs: {a: {}}\n" });
    const { code, out, err } = await slipway("list");
    expect(out).toContain("CI");
    expect(err).toContain("bad.yml");
    expect(code).toBe(2);
  });
});

describe("slipway validate", () => {
  it("says how many files it looked at, called workflows and local actions among them", async () => {
    expect(await slipway("validate")).toEqual({ code: 0, out: "3 files checked, no mistakes.\n", err: "" });
    expect((await slipway("validate", "ci")).out).toBe("3 files checked, no mistakes.\n");
  });

  it("finds what is wrong with calls and actions of the repository", async () => {
    write({
      ".github/workflows/ci.yml": CI.replace("target: staging", "traget: staging").replace(
        "actions/greet",
        "actions/gone",
      ),
      ".github/workflows/more.yml": "on: push\njobs:\n  a:\n    uses: ./.github/workflows/depoly.yml\n",
      "actions/greet/action.yml": "runs: {using: composite}\n",
      ".github/workflows/greets.yml":
        "on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps: [{uses: ./actions/greet}]\n",
    });
    const { code, out } = await slipway("validate");
    expect(code).toBe(2);
    for (const text of [
      "traget",
      "target is required",
      "deploy.yml?",
      "actions/gone",
      "actions/greet/action.yml:1",
    ])
      expect(out).toContain(text);
  });

  it("does not follow calls in a circle for ever, nor out of the repository", async () => {
    write({
      ".github/workflows/ci.yml":
        "on: [push, workflow_call]\njobs:\n  a:\n    uses: ./.github/workflows/ci.yml\n",
    });
    expect((await slipway("validate", "ci.yml")).code).toBe(0);
    write({
      ".github/workflows/ci.yml": "on: push\njobs:\n  a:\n    uses: ./.github/workflows/../../../x.yml\n",
    });
    const { code, out } = await slipway("validate", "ci.yml");
    expect(out).toContain("x.yml");
    expect(code).toBe(2);
  });

  it("lets warnings pass unless it is to be strict", async () => {
    rmSync(join(folder, "actions"), { recursive: true });
    expect(await slipway("validate")).toMatchObject({
      code: 0,
      out: expect.stringContaining("1 warning in 1 file"),
    });
    expect((await slipway("validate", "--strict")).code).toBe(2);
  });

  it("gives the same as JSON, SARIF and workflow commands", async () => {
    write({ ".github/workflows/ci.yml": CI.replace("needs: lint", "needs: lnit") });
    const json = JSON.parse((await slipway("validate", "--format", "json")).out);
    const [diagnostic] = json.diagnostics;
    expect(diagnostic).toMatchObject({ severity: "error", file: ".github/workflows/ci.yml", line: 9 });
    const sarif = JSON.parse((await slipway("validate", "--format", "sarif")).out);
    expect(sarif).toMatchObject({
      version: "2.1.0",
      runs: [
        {
          tool: { driver: { name: "slipway", rules: expect.arrayContaining([{ id: diagnostic.code }]) } },
          results: expect.arrayContaining([
            expect.objectContaining({
              ruleId: diagnostic.code,
              level: "error",
              locations: [
                {
                  physicalLocation: {
                    artifactLocation: { uri: ".github/workflows/ci.yml" },
                    region: expect.objectContaining({ startLine: 9, startColumn: diagnostic.column }),
                  },
                },
              ],
            }),
          ]),
        },
      ],
    });
    const { out } = await slipway("validate", "--format", "github");
    expect(out).toMatch(
      /^::error file=\.github\/workflows\/ci\.yml,line=9,endLine=9,col=\d+,endColumn=\d+,title=/,
    );
    expect(
      out
        .split("\n")
        .filter((line) => line !== "")
        .every((line) => line.startsWith("::")),
    ).toBe(true);
  });
});

describe("slipway completion", () => {
  it.each(["bash", "zsh", "fish"])("prints a script for %s that asks the program", async (shell) => {
    expect((await slipway("completion", shell)).out).toContain("slipway __complete");
  });

  const offers = async (...words: string[]) =>
    (await slipway("__complete", ...words)).out.trimEnd().split("\n");

  it("offers commands first, then what each takes", async () => {
    expect((await offers("")).slice(0, 2)).toEqual([
      "none",
      "run\tRun pipelines of the repository on this machine",
    ]);
    const run = await offers("run", "");
    expect(run[0]).toBe("file");
    for (const word of ["ci.yml\tpipeline", "lint\tjob of .github/workflows/ci.yml", "pull_request\tevent"])
      expect(run).toContain(word);
    expect(await offers("validate", "")).toContain("ci.yml\tpipeline");
    expect(await offers("completion", "")).toEqual(["none", "bash", "zsh", "fish"]);
  });

  it("offers options, and values where an option waits for one", async () => {
    expect((await offers("run", "--")).some((line) => line.startsWith("--secret-file\t"))).toBe(true);
    expect(await offers("run", "-j", "")).toContain("deploy\tjob of .github/workflows/ci.yml");
    expect(await offers("run", "--event", "")).toContain("push\tevent");
    expect(await offers("graph", "--format", "")).toEqual(["none", "text", "mermaid", "dot", "json"]);
    expect((await offers("run", "-W", ""))[0]).toBe("file");
    expect((await offers("run", "-C", ""))[0]).toBe("folder");
  });

  it("offers nothing, and does not fail, where it knows nothing", async () => {
    expect(await offers("nothing", "")).toEqual(["none"]);
    expect(await offers("run", "-C", "nowhere", "-j", "")).toEqual(["none"]);
  });
});
