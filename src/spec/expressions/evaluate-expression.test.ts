import * as data from "@actions/expressions/data/index";
import { Evaluator } from "@actions/expressions/evaluator";
import { Lexer } from "@actions/expressions/lexer";
import { Parser } from "@actions/expressions/parser";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Json } from "../../json.ts";
import { ExpressionError, evaluateCondition, evaluateExpression } from "./evaluate.ts";
import type { Scope } from "./scope.ts";

const github = {
  ref: "refs/heads/main",
  "event-name": "push",
  event: {
    commits: [
      { id: 1, author: { name: "A" }, tags: ["x", "y"] },
      { id: 2, author: { name: "B" }, tags: ["z"] },
      { id: 3 },
    ],
    labels: { Bug: { name: "bug" }, Docs: { name: "docs" } },
  },
};
const SCOPE: Scope = {
  contexts: {
    github,
    env: { HOME: "/root" },
    matrix: { node: 22, list: [10, 20] },
    empty: null,
    absent: undefined,
  },
};

function evaluate(source: string, scope: Scope = SCOPE): Json {
  return evaluateExpression(source, scope);
}

function errorOf(source: string, scope: Scope = SCOPE): ExpressionError {
  try {
    evaluateExpression(source, scope);
  } catch (error) {
    if (error instanceof ExpressionError) return error;
    throw error;
  }
  throw new Error(`no error: ${source}`);
}

describe("an expression", () => {
  const cases: [string, Json][] = [
    ["", null],
    ["  ", null],
    ["'it''s ''quoted'''", "it's 'quoted'"],
    ["github.ref", "refs/heads/main"],
    ["GITHUB.Ref", "refs/heads/main"],
    ["github['REF']", "refs/heads/main"],
    ["github.event-name", "push"],
    ["github.nothing.at.all", null],
    ["github.event.commits[1].id", 2],
    ["github.event.commits['1'].id", 2],
    ["github.event.commits[1.9].id", 2],
    ["github.event.commits[-1]", null],
    ["github.event.commits[99]", null],
    ["github.event.commits.length", null],
    ["github.event.commits.*.id", [1, 2, 3]],
    ["github.event.commits.*.author.name", ["A", "B"]],
    ["github.event.commits.*.tags", [["x", "y"], ["z"]]],
    ["github.event.commits.*.tags[0]", ["x", "z"]],
    ["github.event.commits.*.tags.*", ["x", "y", "z"]],
    ["github.event.labels.*.name", ["bug", "docs"]],
    ["github.ref.*", []],
    ["empty.*.x", []],
    ["empty.x", null],
    ["join(github.event.labels.*.name, ' + ')", "bug + docs"],
    ["contains(github.event.labels.*.name, 'DOCS')", true],
    ["matrix.node == '22'", true],
    ["github.event == github.event", true],
    ["github.event.labels == fromJSON(toJSON(github.event.labels))", false],
    ["true && 'a' || 'b'", "a"],
    ["false && 'a' || 'b'", "b"],
    ["!''", true],
    ["1 < 2 == true", true],
    ["'a' == 'A' && 'b' != 'B'", false],
    ["\n  github.ref\t", "refs/heads/main"],
    ["github\u00a0.\u2003ref", "refs/heads/main"],
    ["'a\u00a0b'", "a\u00a0b"],
    ["((((((((((((((((((((1))))))))))))))))))))", 1],
  ];
  it.each(cases)("%s", (source, expected) => {
    expect(evaluate(source)).toEqual(expected);
  });

  it("looks up environment variables in their very case, as GitHub does where the system does", () => {
    expect([evaluate("env.HOME"), evaluate("env.home"), evaluate("ENV['HOME']")]).toEqual([
      "/root",
      null,
      "/root",
    ]);
  });

  it("is not misled by names of JavaScript's own", () => {
    const contexts = { x: JSON.parse('{"__proto__": 1, "CONSTRUCTOR": 2, "a": {}}') };
    expect(evaluate("x.__proto__", { contexts })).toBe(1);
    expect(evaluate("x.constructor", { contexts })).toBe(2);
    expect(evaluate("x.a.constructor", { contexts })).toBeNull();
    expect(evaluate("x.a.__proto__", { contexts })).toBeNull();
    expect(evaluate("x.hasOwnProperty", { contexts })).toBeNull();
    expect(evaluate("fromJSON('[1]').length", { contexts })).toBeNull();
    expect(errorOf("toString.x", { contexts }).message).toMatch("Unrecognized named-value: 'toString'");
    expect(errorOf("constructor(1)", { contexts }).message).toMatch("Unrecognized function: 'constructor'");
  });

  it("evaluates what it needs and no more", () => {
    expect(evaluate("case(true, 1, fromJSON('bad'))")).toBe(1);
    expect(evaluate("case(false, fromJSON('bad'), false, fromJSON('bad'), 3)")).toBe(3);
    expect(evaluate("true || fromJSON('bad')")).toBe(true);
    expect(evaluate("format('{0}', 1, fromJSON('bad'))")).toBe("1");
    expect(evaluate("contains(fromJSON('[]'), fromJSON('bad'))")).toBe(false);
  });
});

describe("functions", () => {
  const cases: [string, Json][] = [
    ["contains('Hello', 'ELL')", true],
    ["contains(123, 2)", true],
    ["contains(fromJSON('[1,2]'), '2')", true],
    ["contains(fromJSON('{}'), 'a')", false],
    ["startsWith('Straße', 'STRAß')", true],
    ["endsWith('x', null)", true],
    ["startsWith(github, 'O')", false],
    ["format('{0}{1}{0} {{0}}', 'a', 1.50)", "a1.5a {0}"],
    ["format('{0}', github)", "Object"],
    ["format('')", ""],
    ["join('abc')", "abc"],
    ["join(fromJSON('[1,null,true,[1],{}]'), '-')", "1--true-Array-Object"],
    ["join(fromJSON('[1,2]'), github)", "1,2"],
    ["join(github)", ""],
    [
      'toJSON(fromJSON(\'{"b":[1,{}],"a":[],"c":"\\u2028\\n"}\'))',
      '{\n  "b": [\n    1,\n    {}\n  ],\n  "a": [],\n  "c": "\\u2028\\n"\n}',
    ],
    ["toJSON(1e20)", "1E+20"],
    ["toJSON('a\"b')", '"a\\"b"'],
    ["TOJSON(null)", "null"],
    ['fromJSON(\'{"a":1,"A":2}\').a', 2],
    ['toJSON(fromJSON(\'{"a":1,"B":3,"A":2}\'))', '{\n  "a": 2,\n  "B": 3\n}'],
    ["fromJSON(' true ')", true],
    ["fromJSON('0.10')", 0.1],
  ];
  it.each(cases)("%s", (source, expected) => {
    expect(evaluate(source)).toEqual(expected);
  });

  it("that look at the outcome are there where a scope has one", () => {
    const seen: unknown[] = [];
    const status = {
      success: (ids: readonly string[]) => seen.push(["success", ids]) > 0,
      failure: (ids: readonly string[]) => seen.push(["failure", ids]) < 0,
      cancelled: () => false,
    };
    const scope = { contexts: {}, status };
    expect(evaluateCondition("always() && success() && !failure('a', 'b') && !CANCELLED()", scope)).toBe(
      true,
    );
    expect(seen).toEqual([
      ["success", []],
      ["failure", ["a", "b"]],
    ]);
    expect(errorOf("always()", { contexts: {} }).message).toMatch("Unrecognized function: 'always'");
    expect(errorOf("always(1)", scope).message).toMatch("Too many parameters supplied: 'always'");
  });

  it("hashFiles is asked with the texts of its arguments, and its own errors come through", () => {
    const contexts = { github };
    expect(evaluate("hashFiles('a', github.ref, 1)", { contexts, hashFiles: (list) => list.join() })).toBe(
      "a,refs/heads/main,1",
    );
    const failing = () => {
      throw new RangeError("disk");
    };
    expect(() => evaluate("hashFiles('a')", { contexts, hashFiles: failing })).toThrow(RangeError);
    expect(errorOf("hashFiles('a')", { contexts }).message).toMatch("Unrecognized function: 'hashFiles'");
    expect(errorOf("hashFiles()", { contexts, hashFiles: failing }).message).toMatch("Too few parameters");
  });
});

describe("a mistake is told with its place", () => {
  it.each([
    ["nope.x", "Unrecognized named-value: 'nope'. Located at position 1 within expression: nope.x", 1],
    ["absent", "Unrecognized named-value: 'absent'", 1],
    ["true || nope.x", "Unrecognized named-value: 'nope'", 9],
    ["nope(1)", "Unrecognized function: 'nope'", 1],
    ["1 +", "Unexpected symbol: '+'", 3],
    ["1 =", "Unexpected symbol: '='", 3],
    ["github.", "Unexpected end of expression: '.'", 7],
    ["(1", "Unexpected end of expression: '1'", 2],
    ["'a", "Unexpected symbol: ''a'", 1],
    ["format('a',)", "Unexpected symbol: ')'", 12],
    ["0b11", "Unexpected symbol: '0b11'", 1],
    ["\n\n  'x\n' == nope", "Unrecognized named-value: 'nope'", 13],
    ["contains(1)", "Too few parameters supplied: 'contains'", 1],
  ])("%s", (source, message, column) => {
    const error = errorOf(source);
    expect(error.message).toMatch(message);
    expect(error.column).toBe(column);
  });

  it.each([
    ["fromJSON('')", "Error parsing fromJSON: the text is empty"],
    ["fromJSON('{')", "Error parsing fromJSON"],
    ["case(1, 2, 3)", "case predicate must evaluate to a boolean value"],
    ["format('{0:x}', 1)", "The format specifiers 'x' are not valid"],
    ["format('{256}', 1)", "The following format string is invalid: {256}"],
  ])("%s", (source, message) => {
    expect(errorOf(source).message).toMatch(message);
  });

  it("never quotes the text that is no JSON: it may be a secret", () => {
    const secret = "tok-1234567890";
    for (const text of [
      secret,
      `{"a": ${secret}}`,
      `{"${secret}`,
      `["${secret}" 1]`,
      `${"x".repeat(99)}${secret}`,
    ]) {
      const { message } = errorOf("fromJSON(s.x)", { contexts: { s: { x: text } } });
      for (let start = 0; start <= secret.length - 5; start += 1) {
        expect(message).not.toContain(secret.slice(start, start + 5));
      }
    }
  });
});

describe("nothing crashes it", () => {
  it.each([
    ["parentheses", `${"(".repeat(5_000)}1${")".repeat(5_000)}`],
    ["comparisons in a chain", Array.from({ length: 5_000 }, () => "1").join("==")],
    ["less-thans in a chain", Array.from({ length: 5_000 }, () => "1").join("<")],
    ["nots", "!".repeat(20_000)],
    ["indexes", `github${"[0]".repeat(5_000)}`],
    ["properties", `github${".a".repeat(5_000)}`],
    ["calls", `${"toJSON(".repeat(2_000)}1${")".repeat(2_000)}`],
  ])("deep %s are refused", (_name, source) => {
    expect(errorOf(source).message).toBe("Exceeded max expression depth 50");
  });

  it("an expression that is too long is refused", () => {
    expect(errorOf(`'${"x".repeat(21_000)}'`).message).toBe("Exceeded max expression length 21000");
  });

  it("long chains of && and || are fine", () => {
    expect(evaluate(Array.from({ length: 2_500 }, () => "true").join(" && "))).toBe(true);
  });

  it("deep JSON is refused, going in and coming out", () => {
    const deep = `${"[".repeat(50_000)}${"]".repeat(50_000)}`;
    expect(errorOf("fromJSON(x)", { contexts: { x: deep } }).message).toMatch("more than 100 levels deep");
    expect(errorOf("toJSON(x)", { contexts: { x: JSON.parse(deep) } }).message).toMatch("nested more than");
  });

  it("results that grow without end are refused", () => {
    const doubling = Array.from({ length: 40 }).reduce<string>(
      (inner) => `format('{0}{0}', ${inner})`,
      "'0123456789'",
    );
    expect(errorOf(doubling).message).toMatch("The maximum allowed memory size was exceeded");
    const list = JSON.stringify(Array.from({ length: 10_000 }, () => 1));
    const joined = "join(fromJSON(x), toJSON(fromJSON(x)))";
    expect(errorOf(joined, { contexts: { x: list } }).message).toMatch("memory size was exceeded");
  });

  it("any text gives a value or an ExpressionError", () => {
    const piece = fc.constantFrom(
      ..."github . ref [ ] ( ) ' , * ! == && || < 1 -2 .5 true null 'a' join format \n".split(" "),
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.array(piece).map((pieces) => pieces.join("")),
          fc.string(),
        ),
        (source) => {
          try {
            evaluate(source);
          } catch (error) {
            expect(error).toBeInstanceOf(ExpressionError);
          }
        },
      ),
      { numRuns: 2_000 },
    );
  });
});

describe("beside the library's own evaluator", () => {
  function byLibrary(source: string, contexts: Record<string, Json>): Json {
    const convert = (value: Json) => JSON.parse(JSON.stringify(value), data.reviver);
    const functions = new Parser(new Lexer(source).lex().tokens, Object.keys(contexts), []).parse();
    return JSON.parse(JSON.stringify(new Evaluator(functions, convert(contexts)).evaluate(), data.replacer));
  }

  const atoms = fc.constantFrom(
    "a.b",
    "a.C",
    "a.list",
    "a.*",
    "a.list[1]",
    "a['b']",
    "null",
    "true",
    "1",
    "2.5",
    "'x'",
    "'1'",
    "''",
    "a.none.x",
  );
  const { expression } = fc.letrec<{ expression: string }>((tie) => ({
    expression: fc.oneof(
      { maxDepth: 3 },
      atoms,
      fc
        .tuple(tie("expression"), fc.constantFrom("==", "!=", "<", ">=", "&&", "||"), tie("expression"))
        .map(([l, o, r]) => `(${l} ${o} ${r})`),
      tie("expression").map((inner) => `!${inner}`),
      tie("expression").map((inner) => `toJSON(${inner})`),
      fc.tuple(tie("expression"), tie("expression")).map(([l, r]) => `contains(${l}, ${r})`),
      fc.tuple(tie("expression"), tie("expression")).map(([l, r]) => `join(${l}, ${r})`),
      fc.tuple(tie("expression"), tie("expression")).map(([l, r]) => `format('<{0}|{1}>', ${l}, ${r})`),
    ),
  }));

  it("gives the same where the library is right", () => {
    const contexts = { a: { b: "x", c: 1, list: [1, "X", null], deep: { b: [] } } };
    fc.assert(
      fc.property(expression, (source) => {
        expect(evaluate(source, { contexts })).toEqual(byLibrary(source, contexts));
      }),
      { numRuns: 500 },
    );
  });
});
