import { describe, expect, it } from "vitest";
import { workflowMistakes } from "../testing/list-mistakes.ts";
import { parseWorkflow } from "./parse-workflow.ts";

const JOBS = "jobs:\n  a:\n    runs-on: x\n    steps: [run: x]\n";

function parse(content: string) {
  return parseWorkflow({ path: "ci.yml", content });
}

describe("files that are not the YAML they should be", () => {
  it.each([
    ["an empty file", "", "1:1 empty-file: The file is empty"],
    ["only comments", "# nothing\n\n", "1:1 empty-file: The file is empty"],
    ["only a byte order mark", "\uFEFF", "1:1 empty-file: The file is empty"],
    ["null", "~", "1:1 unexpected-value: Unexpected value '' (Expected a mapping)"],
    [
      "a second document",
      `on: push\n${JOBS}---\non: push\n`,
      "6:1 yaml-syntax: A second YAML document starts here; only one is allowed (Remove the `---`)",
    ],
    [
      "a tab as indentation",
      "on: push\njobs:\n\ta: {}\n",
      "3:1 yaml-syntax: Tabs are not allowed as indentation (YAML is indented with spaces, never with tabs)",
    ],
    ["a bracket that is never closed", "on: [push\n", "2:1 yaml-syntax: "],
    ["a quote that is never closed", 'on: "push\n', '2:1 yaml-syntax: Missing closing "quote'],
    ["a key that is indented too far", "on: push\n  jobs: x\n", "1:5 yaml-syntax: "],
    ["bytes of a program", "\u007FELF\0\0\0", "1:5 yaml-syntax: This is not a text file"],
    [
      "an unknown anchor",
      `on: push\nenv: *shared\n${JOBS}`,
      "2:6 unknown-anchor: There is no anchor 'shared' above",
    ],
    [
      "an anchor that is set only below",
      `on: push\nenv: *shared\ndefaults: {run: &shared {shell: bash}}\n${JOBS}`,
      "2:6 unknown-anchor: There is no anchor 'shared' above",
    ],
    [
      "a mistyped anchor",
      `on: push\nenv: &shared {A: b}\n${JOBS}    env: *shard\n`,
      "7:10 unknown-anchor: There is no anchor 'shard' above (Did you mean '*shared'?)",
    ],
    [
      "an alias inside what it stands for",
      `on: push\n${JOBS}    strategy: {matrix: {a: &a [1, *a]}}\n`,
      "6:35 endless-alias: The anchor 'a' would contain itself without end",
    ],
    [
      "a merge key",
      `on: push\nenv: &base {A: b}\n${JOBS}    env:\n      <<: *base\n      C: d\n`,
      "8:7 merge-key: YAML merge keys ('<<') are not supported, here or on GitHub (Give the whole mapping an anchor, or repeat its keys)",
    ],
    ["an unknown tag", `on: !event push\n${JOBS}`, "1:12 yaml-tag: Unexpected tag '!event'"],
    [
      "a key that is a mapping",
      `on: push\n? {a: b}\n: c\n${JOBS}`,
      "2:3 bad-key: A key must be a plain text",
    ],
  ])("are refused: %s", (_, content, mistake) => {
    const { spec, diagnostics } = parse(content);
    expect(spec).toBeUndefined();
    expect(workflowMistakes(content)[0]?.slice(0, mistake.length)).toBe(mistake);
    expect(diagnostics.every(({ file, line, column }) => file === "ci.yml" && line > 0 && column > 0)).toBe(
      true,
    );
  });

  it.each([
    "with: { name: x, path: packages/${{ inputs.pkg }} }",
    "with: {path: ${{ inputs.pkg }}}",
    "with: [a, b${{ x }}]",
  ])("are told once, with the cure, of an expression in braces: %s", (line) => {
    const found = parse(
      `on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n      - uses: a/b@c\n        ${line}\n`,
    );
    expect(found.diagnostics).toMatchObject([
      {
        code: "yaml-syntax",
        line: 7,
        message: expect.stringContaining("must be quoted"),
        hint: 'Write "${{ … }}"',
      },
    ]);
  });

  it("may be as long as GitHub takes, and no longer", () => {
    const file = (length: number) => `on: push\n${JOBS}# `.padEnd(length, "x");
    expect(parse(file(1024 * 1024)).diagnostics).toEqual([]);
    expect(parse(file(1024 * 1024 + 1)).diagnostics).toMatchObject([{ code: "file-too-large", line: 1 }]);
  });

  it.each([
    ["brackets", "[".repeat(5_000)],
    ["mappings", "{a: ".repeat(5_000)],
    ["brackets that are closed", `${"[".repeat(199)}${"]".repeat(199)}`],
    ["blocks", Array.from({ length: 900 }, (_, depth) => `${" ".repeat(depth)}a:`).join("\n")],
    ["dashes", `${"- ".repeat(3_000)}x`],
  ])("are not followed into endless depth: %s", (_, inside) => {
    const found = parse(
      `on: push\n${JOBS}env: ${inside.startsWith("a:") || inside.startsWith("-") ? "\n " : ""}${inside}`,
    ).diagnostics;
    expect(found.length).toBeGreaterThan(0);
    const deep = `on: push\njobs: {a: {runs-on: x, steps: [{run: x}], strategy: {matrix: {v: ${"[".repeat(60)}1${"]".repeat(60)}}}}}`;
    expect(parse(deep).diagnostics).toMatchObject([{ code: "too-deep" }]);
  });

  it("are refused where aliases blow them up", () => {
    const levels = Array.from({ length: 9 }, (_, level) => {
      const items =
        level === 0
          ? "lol, lol, lol"
          : Array(9)
              .fill(`*v${level - 1}`)
              .join(", ");
      return `        v${level}: &v${level} [${items}]`;
    });
    const bomb = `on: push\njobs:\n  a:\n    runs-on: x\n    steps: [run: x]\n    strategy:\n      matrix:\n${levels.join("\n")}\n`;
    expect(parse(bomb).diagnostics).toMatchObject([
      {
        code: "file-too-large",
        message: expect.stringContaining("50000 values"),
        hint: "Do aliases repeat one another?",
      },
    ]);
  });

  it("are told to be split where they are too much without any alias", () => {
    const jobs = Array.from({ length: 900 }, (_, job) => {
      const needs = Array.from({ length: Math.min(job, 60) }, (_, back) => `j${job - back - 1}`);
      return `  j${job}: {runs-on: x, needs: [${needs.join(", ")}], steps: [{run: x}]}`;
    });
    expect(parse(`on: push\njobs:\n${jobs.join("\n")}\n`).diagnostics).toMatchObject([
      { code: "file-too-large", hint: "Split it: reusable workflows can be called" },
    ]);
  });

  it("are refused where aliases of a long text add up", () => {
    const text = "x".repeat(100_000);
    const steps = Array.from({ length: 200 }, () => "      - run: *long").join("\n");
    const found = parse(
      `on: push\nenv: {A: &long ${text}}\njobs:\n  a:\n    runs-on: x\n    steps:\n${steps}\n`,
    ).diagnostics;
    expect(found).toMatchObject([{ code: "file-too-large", message: expect.stringContaining("characters") }]);
  });
});

describe("YAML that GitHub reads", () => {
  it.each([
    ["CRLF", `on: push\n${JOBS}`.replaceAll("\n", "\r\n")],
    ["a byte order mark", `\uFEFFon: push\n${JOBS}`],
    ["a document start and end", `---\non: push\n${JOBS}...\n`],
    ["tabs between tokens", `on:\tpush\n${JOBS}`],
    ["no newline at its end", `on: push\n${JOBS}`.trimEnd()],
    ["a yaml directive of 1.1, whose `on` is still no boolean", `%YAML 1.1\n---\non: push\n${JOBS}`],
    ["a comment that touches a bracket", `on: [push]#, fork]\n${JOBS}`],
  ])("may have %s", (_, content) => {
    const { spec, diagnostics } = parse(content);
    expect(diagnostics.filter(({ severity }) => severity === "error")).toEqual([]);
    expect(spec).toMatchObject({ on: [{ event: "push" }], jobs: [{ id: "a", at: { column: 3 } }] });
  });

  it("may use anchors of texts, mappings, sequences and keys, and set them anew", () => {
    const { spec, diagnostics } = parse(`
on: push
env: &env
  &key COLOUR: &value blue
jobs:
  one:
    runs-on: &os ubuntu-latest
    env: *env
    steps: &steps
      - run: *value
  two:
    runs-on: *os
    env:
      *key : red
    steps: *steps
  three:
    runs-on: &os mac
    steps: *steps
  four:
    runs-on: *os
    steps: *steps
`);
    expect(diagnostics).toEqual([]);
    const steps = [{ kind: "run", run: "blue" }];
    const entries = (value: string) => ({ kind: "mapping", entries: [{ key: "COLOUR", value }] });
    expect(spec?.jobs).toMatchObject([
      { id: "one", runsOn: "ubuntu-latest", env: entries("blue"), steps },
      { id: "two", runsOn: "ubuntu-latest", env: entries("red"), steps },
      { id: "three", runsOn: "mac", steps },
      { id: "four", runsOn: "mac", steps },
    ]);
  });

  it("names a mistake behind an alias once, where it is written", () => {
    const content = `on: push\njobs:\n  a:\n    runs-on: x\n    steps: &s\n      - runs: x\n  b:\n    runs-on: x\n    steps: *s\n`;
    expect(workflowMistakes(content)).toEqual([
      "6:9 unknown-key: Unexpected value 'runs' (Did you mean 'run'?)",
    ]);
  });

  it.each([
    ["1.10", "1.1"],
    ["0x1F", "31"],
    ["0o17", "15"],
    ["1e3", "1000"],
    ["true", "true"],
    ["yes", "yes"],
    ["null", ""],
    ["~", ""],
    ["2024-01-01", "2024-01-01"],
    ["'1.10'", "1.10"],
    ["!!str 1.10", "1.10"],
    ["12345678901234567890", "1.23456789012346E+19"],
  ])("turns %s into the text %j where it wants one", (written, text) => {
    const { spec } = parse(`on: push\nenv: {A: ${written}}\n${JOBS}`);
    expect(spec?.env).toEqual({ kind: "mapping", entries: [{ key: "A", value: text }] });
  });

  it("keeps numbers, booleans and null where anything is wanted, and numbers that JSON cannot say as expressions", () => {
    const { spec } = parse(
      `on: push\n${JOBS}    strategy: {matrix: {v: [1, 0.5, true, null, x, .inf, -.inf, -0]}}\n`,
    );
    const expression = (source: string) => ({ kind: "expression", source });
    expect(spec?.jobs[0]?.strategy?.matrix).toMatchObject({
      entries: [
        {
          key: "v",
          value: { items: [1, 0.5, true, null, "x", expression("Infinity"), expression("-Infinity"), 0] },
        },
      ],
    });
    expect(JSON.parse(JSON.stringify(spec))).toEqual(spec);
  });
});
