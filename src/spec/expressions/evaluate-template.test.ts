import { describe, expect, it } from "vitest";
import type { Json } from "../../json.ts";
import type { TemplateEntry, TemplateExpression, TemplateValue } from "../template/template-value.ts";
import { ExpressionError, evaluateString, evaluateTemplate } from "./evaluate.ts";

const scope = { contexts: { x: { list: [1, [2]], map: { a: 1, b: { c: true } }, name: "n", none: null } } };

function expression(source: string): TemplateExpression {
  return { kind: "expression", source, at: { line: 1, column: 1 } };
}
function sequence(...items: TemplateValue[]): TemplateValue {
  return { kind: "sequence", items };
}
function mapping(...pairs: [TemplateEntry["key"], TemplateValue][]): TemplateValue {
  return { kind: "mapping", entries: pairs.map(([key, value]) => ({ key, value })) };
}
const insert = { kind: "insert" } as const;

describe("a template", () => {
  const cases: [string, TemplateValue, Json][] = [
    ["of scalars is itself", sequence(null, true, 1, "${{ not.read }}"), [null, true, 1, "${{ not.read }}"]],
    ["keeps the type of an expression's value", expression("x.map.b"), { c: true }],
    ["splices a sequence into a sequence", sequence(0, expression("x.list"), 3), [0, 1, [2], 3]],
    ["does not splice a written sequence", sequence(sequence(1), expression("x.map.a")), [[1], 1]],
    ["does not splice a sequence into a mapping", mapping(["k", expression("x.list")]), { k: [1, [2]] }],
    ["keeps null items", sequence(expression("x.none")), [null]],
    [
      "takes expressions as keys",
      mapping([expression("x.name"), 1], [expression("x.map.a"), 2]),
      { n: 1, 1: 2 },
    ],
    [
      "inserts a mapping at its place",
      mapping(
        ["z", 0],
        [insert, expression("x.map")],
        ["y", mapping([insert, mapping(["q", expression("x.name")])])],
      ),
      { z: 0, a: 1, b: { c: true }, y: { q: "n" } },
    ],
    ["keeps a key that is a name of JavaScript's own", mapping(["constructor", 1]), { constructor: 1 }],
  ];
  it.each(cases)("%s", (_name, template, expected) => {
    const result = evaluateTemplate(template, scope);
    expect(result).toEqual(expected);
  });

  it("keeps the order of its keys, inserted ones included", () => {
    const template = mapping(["z", 0], [insert, expression("x.map")], ["y", 1]);
    expect(Object.keys(evaluateTemplate(template, scope) as object)).toEqual(["z", "a", "b", "y"]);
  });

  const deep = Array.from({ length: 5_000 }).reduce<TemplateValue>((inner) => sequence(inner), 1);
  const bad: [string, TemplateValue, string][] = [
    ["a key defined twice, in any case", mapping(["A", 1], ["a", 2]), "'a' is already defined"],
    [
      "an inserted key that is there",
      mapping(["b", 1], [insert, expression("x.map")]),
      "'b' is already defined",
    ],
    ["inserting what is no mapping", mapping([insert, expression("x.list")]), "Expected a mapping to insert"],
    [
      "a key that is no text",
      mapping([expression("x.map"), 1]),
      "Expected a string as the key '${{ x.map }}'",
    ],
    ["an expression that fails", sequence(expression("nope")), "Unrecognized named-value: 'nope'"],
    ["a value that is too deep", deep, "nested more than 100 levels deep"],
  ];
  it.each(bad)("refuses %s", (_name, template, message) => {
    expect(() => evaluateTemplate(template, scope)).toThrow(ExpressionError);
    expect(() => evaluateTemplate(template, scope)).toThrow(message);
  });

  it("becomes a text as GitHub makes it", () => {
    expect(evaluateString(expression("x.map.a == 1"), scope)).toBe("true");
    expect(evaluateString(expression("x.none"), scope)).toBe("");
    expect(evaluateString(1e15, scope)).toBe("1E+15");
    expect(evaluateString(expression("x.list"), scope)).toBe("Array");
  });
});
