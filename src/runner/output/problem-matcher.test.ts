import { describe, expect, test } from "vitest";
import { parseMatcherFile } from "./matcher-config.ts";
import { ProblemMatcher } from "./problem-matcher.ts";

function matcherOf(patterns: object[], more: object = {}): ProblemMatcher {
  const [config] = parseMatcherFile(
    JSON.stringify({ problemMatcher: [{ owner: "m", pattern: patterns, ...more }] }),
  );
  if (config === undefined) throw new Error("no matcher");
  return new ProblemMatcher(config);
}

/** For each line what it completed. */
const run = (matcher: ProblemMatcher, lines: readonly string[]) => lines.map((line) => matcher.match(line));

describe("one pattern", () => {
  test("gives the parts it names", () => {
    const matcher = matcherOf([
      {
        regexp: "^file:(.+) line:(.+) column:(.+) severity:(.+) code:(.+) message:(.+) fromPath:(.+)$",
        ...{ file: 1, line: 2, column: 3, severity: 4, code: 5, message: 6, fromPath: 7 },
      },
    ]);
    expect(
      matcher.match("file:f.js line:10 column:20 severity:error code:E1 message:bad fromPath:p.csproj"),
    ).toEqual({
      file: "f.js",
      line: "10",
      column: "20",
      severity: "error",
      code: "E1",
      message: "bad",
      fromPath: "p.csproj",
    });
    expect(matcher.match("something else")).toBeUndefined();
  });

  test("a group that took no part is empty", () => {
    expect(matcherOf([{ regexp: "^(a)?(b)$", file: 1, message: 2 }]).match("b")).toEqual({
      file: "",
      message: "b",
    });
  });

  test("severity and path of the matcher stand in for what is missing or empty", () => {
    const matcher = matcherOf([{ regexp: "^(?:(E): )?(.+)$", severity: 1, message: 2 }], {
      severity: "warning",
      fromPath: "p",
    });
    expect(run(matcher, ["E: one", "two"])).toEqual([
      { severity: "E", message: "one", fromPath: "p" },
      { severity: "warning", message: "two", fromPath: "p" },
    ]);
  });
});

describe("several patterns", () => {
  const twoLines = [
    { regexp: "^(.+):$", file: 1 },
    { regexp: "^  (\\d+): (.+)$", line: 1, message: 2 },
  ];

  test("match line after line", () => {
    expect(run(matcherOf(twoLines), ["a.js:", "  1: bad"])).toEqual([
      undefined,
      { file: "a.js", line: "1", message: "bad" },
    ]);
  });

  test("not with another line between, and not the last alone", () => {
    expect(run(matcherOf(twoLines), ["a.js:", "x", "  1: bad", "  2: bad"])).toEqual(
      new Array(4).fill(undefined),
    );
  });

  test("the newest beginning counts", () => {
    expect(run(matcherOf(twoLines), ["a.js:", "b.js:", "  1: bad"])[2]).toMatchObject({ file: "b.js" });
  });

  test("without loop the last matches once", () => {
    expect(run(matcherOf(twoLines), ["a.js:", "  1: bad", "  2: worse"])[2]).toBeUndefined();
  });

  const loop = [twoLines[0] ?? {}, { ...twoLines[1], loop: true }];

  test("with loop the last matches until a line breaks it", () => {
    const problems = run(matcherOf(loop), [
      "a.js:",
      "  1: bad",
      "  2: worse",
      "x",
      "  3: no",
      "b.js:",
      "  4: bad",
    ]);
    expect(problems.map((problem) => problem && `${problem.file} ${problem.line}`)).toEqual([
      undefined,
      "a.js 1",
      "a.js 2",
      undefined,
      undefined,
      undefined,
      "b.js 4",
    ]);
  });

  test("a line may be the second of one problem and the first of the next", () => {
    const matcher = matcherOf([
      { regexp: "^(a|b)$" },
      { regexp: "^(b|c)$" },
      { regexp: "^(c|d)$", message: 1 },
    ]);
    expect(run(matcher, ["a", "b", "c", "d"]).map((problem) => problem?.message)).toEqual([
      undefined,
      undefined,
      "c",
      undefined,
    ]);
    expect(run(matcher, ["a", "a", "b", "d"]).map((problem) => problem?.message)[3]).toBe("d");
  });

  test("reset forgets a beginning", () => {
    const matcher = matcherOf(twoLines);
    matcher.match("a.js:");
    matcher.reset();
    expect(matcher.match("  1: bad")).toBeUndefined();
  });
});
