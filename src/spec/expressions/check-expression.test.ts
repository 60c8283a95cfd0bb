import { describe, expect, it } from "vitest";
import { checkExpression, type ExpressionRules } from "./check-expression.ts";

const STEP: ExpressionRules = {
  contexts: ["github", "env", "steps", "matrix"],
  functions: [
    { name: "always", min: 0, max: 0 },
    { name: "success", min: 0, max: 0 },
    { name: "hashFiles", min: 1, max: 255 },
  ],
};

describe("checking an expression", () => {
  it.each([
    "",
    "github.sha",
    "GitHub.Event.*.x[0]",
    "always() && !contains(github.ref, 'x')",
    "hashFiles('a', 'b')",
    "format('{0} {{}}', steps.a.outputs.b)",
    "format(env.F)",
  ])("finds nothing in: %s", (source) => {
    expect(checkExpression(source, STEP)).toEqual([]);
  });

  it("tells a context that is not available at this place from one that does not exist", () => {
    expect(checkExpression("needs.a.result == gitub.sha", STEP)).toMatchObject([
      {
        offset: 0,
        length: 5,
        message: "The context 'needs' is not available here",
        hint: "Available: env, github, matrix, steps",
      },
      { offset: 18, length: 5, message: "There is no context 'gitub'" },
    ]);
  });

  it("tells a function that is not available at this place from one that does not exist", () => {
    expect(checkExpression("failure() || nope(1)", STEP)).toMatchObject([
      { offset: 0, length: 7, message: "The function 'failure' is not available here" },
      { offset: 13, length: 4, message: "There is no function 'nope'" },
    ]);
  });

  it("reminds of the quotes where a name is none", () => {
    expect(checkExpression("github.ref == zzzzzz", STEP)[0]?.hint).toMatch(
      "A text needs single quotes: 'zzzzzz'",
    );
    expect(checkExpression('github.ref == "main"', STEP)).toMatchObject([
      { offset: 14, message: "Unexpected symbol: '\"main\"'", hint: "Texts stand in single quotes: 'text'" },
    ]);
  });

  it("finds unknown names and a mistake of syntax at once", () => {
    expect(checkExpression("foo && bar &&", STEP).map(({ message }) => message)).toEqual([
      "There is no context 'foo'",
      "There is no context 'bar'",
      "Unexpected end of expression: '&&'",
    ]);
  });

  it("counts offsets over lines and behind quotes", () => {
    expect(checkExpression("github.a == 'x\ny''z'\n  && foo", STEP)).toMatchObject([
      { offset: 26, length: 3 },
    ]);
  });

  it.each([
    ["always(1)", "Too many parameters supplied: 'always'"],
    ["success('a')", "Too many parameters supplied: 'success'"],
    ["hashFiles()", "Too few parameters supplied: 'hashFiles'"],
    ["contains('a')", "Too few parameters supplied: 'contains'"],
    ["join('a', 'b', 'c')", "Too many parameters supplied: 'join'"],
    [
      "case(true, 1, false, 2)",
      "Even number of parameters supplied, requires an odd number of parameters: 'case'",
    ],
    ["format('{1}', 1)", "The following format string references more arguments than were supplied: {1}"],
    ["format('{', 1)", "The following format string is invalid: {"],
    ["format('a',)", "Unexpected symbol: ')'"],
    ["github.", "Unexpected end of expression: '.'"],
    ["'open", "Unexpected symbol: ''open'"],
    ["1 +", "Unexpected symbol: '+'"],
    ["join(github.a", "Unexpected end of expression: 'a'"],
    ["github[", "Unexpected end of expression: '['"],
    ["!".repeat(60), "Exceeded max expression depth 50"],
  ])("finds what is wrong in: %s", (source, message) => {
    expect(checkExpression(source, STEP).map((problem) => problem.message)).toEqual([message]);
  });
});
