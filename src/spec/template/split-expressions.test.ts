import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { evaluateExpression } from "../expressions/evaluate.ts";
import { joinSegments, splitExpressions, stringLiteral } from "./split-expressions.ts";

describe("splitExpressions", () => {
  it.each([
    ["no expression", []],
    ["${{ a }}", ["a"]],
    ["${{a}}${{ b.c }}", ["a", "b.c"]],
    ["x ${{ format('}} {0}', a) }} y", ["format('}} {0}', a)"]],
    ["${{ 'it''s }}' }}", ["'it''s }}'"]],
    ["${{ }}", [""]],
    ["$${{ a }}}", ["a"]],
    ["${{ a }\n}}", ["a }"]],
  ])("finds the expressions of %j", (value, sources) => {
    const { segments, unclosedAt } = splitExpressions(value);
    const found = segments.flatMap((segment) => (segment.kind === "expression" ? [segment] : []));
    expect(found.map(({ source }) => source)).toEqual(sources);
    for (const { source, offset } of found) expect(value.slice(offset, offset + source.length)).toBe(source);
    expect(unclosedAt).toBeUndefined();
  });

  it.each([
    ["${{ a", 0],
    ["x ${{ a }} ${{ 'b }}", 11],
    ["${{}", 0],
  ])("says where the open one of %j stands", (value, at) => {
    expect(splitExpressions(value).unclosedAt).toBe(at);
  });
});

describe("joinSegments", () => {
  it("makes an expression that gives the whole text, whatever is in it", () => {
    const text = fc.array(fc.constantFrom("a", "'", "{", "}", "{0}", "$", "\n", "ä"), { maxLength: 8 });
    fc.assert(
      fc.property(text, text, (before, after) => {
        const value = `${before.join("")}\${{ x }}${after.join("")}`;
        fc.pre(splitExpressions(value).unclosedAt === undefined && value.split("${{").length === 2);
        const joined = joinSegments([...splitExpressions(value).segments]);
        fc.pre(value !== "${{ x }}");
        const whole = value.replace("${{ x }}", "X");
        expect(
          evaluateExpression(joined.replace(", x)", ", github.x)"), { contexts: { github: { x: "X" } } }),
        ).toBe(whole);
      }),
      { seed: 11, numRuns: 300 },
    );
  });
});

describe("stringLiteral", () => {
  it.each([
    ["'a'", "a"],
    ["'it''s'", "it's"],
    ["''", ""],
    ["'a' + 'b'", undefined],
    ["a", undefined],
    ["'a", undefined],
  ])("of %s is %j", (source, text) => {
    expect(stringLiteral(source)).toBe(text);
  });
});
