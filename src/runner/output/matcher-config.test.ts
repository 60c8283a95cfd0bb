import { describe, expect, test } from "vitest";
import { parseMatcherFile } from "./matcher-config.ts";

const parse = (...problemMatcher: unknown[]) => parseMatcherFile(JSON.stringify({ problemMatcher }));
const pattern = (more: object = {}) => ({ regexp: "^(.+):(\\d+): (.+)$", message: 3, ...more });
const matcher = (more: object = {}) => ({ owner: "cc", pattern: [pattern()], ...more });

describe("a matcher file", () => {
  test("is read", () => {
    const [cc] = parse(
      matcher({ severity: "Warning", fromPath: "a/b", pattern: [pattern({ file: 1, line: 2 })] }),
    );
    expect(cc).toEqual({
      owner: "cc",
      severity: "Warning",
      fromPath: "a/b",
      patterns: [{ regexp: /^(.+):(\d+): (.+)$/, groups: { file: 1, line: 2, message: 3 }, loop: false }],
    });
  });

  test.each([
    ["names in any case", { OWNER: "cc", Pattern: [{ RegExp: "(x)", MESSAGE: 1 }] }],
    ["numbers as texts", { owner: "cc", pattern: [{ regexp: "(x)", message: "1" }] }],
    ["nulls", { owner: "cc", severity: null, pattern: [{ regexp: "(x)", message: 1, file: null }] }],
    [
      "keys it does not know",
      { owner: "cc", source: "x", pattern: [{ regexp: "(x)", message: 1, kind: "x" }] },
    ],
  ])("may have %s", (_, value) => {
    expect(parse(value)).toMatchObject([{ owner: "cc", patterns: [{ groups: { message: 1 } }] }]);
  });

  test("may have a byte order mark, or no matchers", () => {
    expect(parseMatcherFile('\uFEFF{"problemMatcher": []}')).toEqual([]);
    expect(parseMatcherFile("{}")).toEqual([]);
  });
});

describe("a mistake in a matcher file", () => {
  test.each<[string, () => unknown]>([
    ["Duplicate owner name 'CC'", () => parse(matcher(), matcher({ owner: "CC" }))],
    ["Owner must not be empty", () => parse(matcher({ owner: "" }))],
    [
      "Matcher 'cc' contains unexpected default severity 'fatal'",
      () => parse(matcher({ severity: "fatal" })),
    ],
    ["Matcher 'cc' does not contain any patterns", () => parse(matcher({ pattern: [] }))],
    ["Matcher 'cc' does not contain any patterns", () => parse(matcher({ pattern: pattern() }))],
    ["At least one pattern must set 'message'", () => parse(matcher({ pattern: [{ regexp: "x" }] }))],
    ["The property 'message' is set twice", () => parse(matcher({ pattern: [pattern(), pattern()] }))],
    [
      "The property 'file' is set to 4 which is out of range",
      () => parse(matcher({ pattern: [pattern({ file: 4 })] })),
    ],
    [
      "The property 'file' is set to -1 which is out of range",
      () => parse(matcher({ pattern: [pattern({ file: -1 })] })),
    ],
    [
      "The property 'file' is set to x which is out of range",
      () => parse(matcher({ pattern: [pattern({ file: "x" })] })),
    ],
    [
      "Only the last pattern in a multiline matcher may set 'loop'",
      () => parse(matcher({ pattern: [pattern({ loop: true })] })),
    ],
    [
      "Only the last pattern in a multiline matcher may set 'loop'",
      () => parse(matcher({ pattern: [{ regexp: "a", loop: true }, pattern()] })),
    ],
    [
      "The loop pattern must set 'message'",
      () => parse(matcher({ pattern: [pattern(), { regexp: "(a)", file: 1, loop: true }] })),
    ],
    ["Invalid regular expression", () => parse(matcher({ pattern: [{ regexp: "(", message: 1 }] }))],
    ["'problemMatcher' must be a list", () => parseMatcherFile('{"problemMatcher": {}}')],
    ["A problem matcher must be an object", () => parse("x")],
    ["The file must be an object", () => parseMatcherFile("[]")],
    ["JSON", () => parseMatcherFile("{")],
  ])("%s", (message, read) => {
    expect(read).toThrow(message);
  });
});
