import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { parsePipeline } from "../../spec/parse-pipeline.ts";
import { checkReferences } from "./check-references.ts";

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "slipway-references-"));
  write("called.yml", "on: workflow_call\njobs: {a: {runs-on: x, steps: [run: x]}}");
  write("tools/a/action.yml", "name: a\nruns: {using: composite, steps: [{uses: $/tools/b}]}");
  write("tools/b/action.yml", "name: b\nruns: {using: composite, steps: []}");
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function write(path: string, content: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), content);
}

/** What is said of a workflow with these jobs, and the files that were looked at. */
async function check(jobs: string) {
  const content = `on: push\njobs:\n${jobs}`;
  const { spec, diagnostics } = parsePipeline({ path: "ci.yml", content });
  expect(diagnostics).toEqual([]);
  const files = await checkReferences([{ file: "ci.yml", content, spec, diagnostics }], root, true);
  const found = files.flatMap((file) => file.diagnostics);
  return {
    files: files.map(({ file }) => file),
    said: found.map(({ severity, message }) => `${severity}: ${message}`),
  };
}

const steps = (...uses: string[]): string =>
  `  a:\n    runs-on: x\n    steps:\n${uses.map((each) => `      - ${each}\n`).join("")}`;

describe("called workflows", () => {
  it.each(["./called.yml", "$/called.yml"])("are read for %s", async (uses) => {
    expect(await check(`  a: {uses: ${uses}}`)).toEqual({ files: ["ci.yml", "called.yml"], said: [] });
    expect((await check(`  a: {uses: ${uses}, with: {x: 1}}`)).said).toHaveLength(1);
  });

  it.each([
    ["./caled.yml", "error: Cannot read the workflow './caled.yml'"],
    ["$/caled.yml", "error: Cannot read the workflow '$/caled.yml'"],
    ["$/../called.yml", "error: '$/../called.yml' is outside of the repository"],
  ])("are missed for %s", async (uses, said) => {
    expect((await check(`  a: {uses: ${uses}}`)).said.join()).toContain(said);
  });
});

describe("actions of the repository", () => {
  it.each(["./tools/a", "$/tools/a"])("are read for %s, with those they use", async (uses) => {
    const read = ["ci.yml", "tools/a/action.yml", "tools/b/action.yml"];
    expect(await check(steps(`uses: ${uses}`))).toEqual({ files: read, said: [] });
  });

  it.each([
    ["./none", "warning: There is no action.yml, action.yaml or Dockerfile in './none'"],
    ["$/none", "error: There is no action.yml, action.yaml or Dockerfile in '$/none'"],
  ])("are missed for %s", async (uses, said) => {
    expect((await check(steps(`uses: ${uses}`))).said).toEqual([said]);
  });

  it.each([
    ["into a folder", "src/app"],
    ["into a folder named from the workspace", "./src/app/"],
    ["into a folder only known when it runs", "${{ github.job }}"],
  ])("may come from a checkout %s", async (_, path) => {
    const checkout = `{uses: actions/checkout@v4, with: {path: "${path}"}}`;
    expect((await check(steps(checkout, "uses: ./src/app/tools/x"))).said).toEqual([]);
  });

  it("do not come from a checkout into another folder, or into the workspace itself", async () => {
    const checkout = "{uses: actions/checkout@v4, with: {path: src/ap}}";
    expect((await check(steps(checkout, "uses: ./src/app/x"))).said).toHaveLength(1);
    expect((await check(steps("uses: actions/checkout@v4", "uses: ./src/app/x"))).said).toHaveLength(1);
  });
});
