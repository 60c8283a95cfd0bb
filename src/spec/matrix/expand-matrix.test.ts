import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ExecError } from "../../errors.ts";
import type { Json, JsonObject } from "../../json.ts";
import { expandMatrix } from "./expand-matrix.ts";

function valuesOf(matrix: Json): JsonObject[] {
  return expandMatrix(matrix).map(({ values }) => values);
}

function suffixesOf(matrix: Json): string[] {
  return expandMatrix(matrix).map(({ suffix }) => suffix);
}

function errorOf(matrix: Json): string {
  try {
    expandMatrix(matrix);
  } catch (error) {
    if (error instanceof ExecError && error.code === "InvalidSpec") return error.message;
    throw error;
  }
  throw new Error("no error");
}

const FRUIT = { fruit: ["apple", "pear"], animal: ["cat", "dog"] };

describe("a matrix", () => {
  it("is the product of its vectors, the last varying fastest", () => {
    expect(valuesOf({ os: ["linux", "mac"], node: [20, 22] })).toEqual([
      { os: "linux", node: 20 },
      { os: "linux", node: 22 },
      { os: "mac", node: 20 },
      { os: "mac", node: 22 },
    ]);
  });

  it("takes mappings, sequences and null as values", () => {
    const values = [{ name: "a", tags: [1, 2] }, ["x"], null, true];
    expect(valuesOf({ config: values })).toEqual(values.map((config) => ({ config })));
  });

  it("keeps keys that are names of JavaScript's own", () => {
    const matrix = JSON.parse('{"__proto__": [1], "constructor": [2]}');
    expect(JSON.stringify(valuesOf(matrix))).toBe('[{"__proto__":1,"constructor":2}]');
  });
});

describe("exclude", () => {
  it("removes legs that match it in part", () => {
    expect(valuesOf({ ...FRUIT, exclude: [{ fruit: "apple" }] })).toEqual([
      { fruit: "pear", animal: "cat" },
      { fruit: "pear", animal: "dog" },
    ]);
  });

  it("looks into mappings and sequences, at what it names", () => {
    const matrix = {
      config: [
        { node: { major: 20, lts: true }, tags: ["a", "b"] },
        { node: { major: 22, lts: true }, tags: ["a", "c"] },
      ],
    };
    expect(valuesOf({ ...matrix, exclude: [{ config: { node: { major: 22 } } }] })).toHaveLength(1);
    expect(valuesOf({ ...matrix, exclude: [{ config: { tags: ["a"] } }] })).toHaveLength(0);
    expect(valuesOf({ ...matrix, exclude: [{ config: { node: { lts: false } } }] })).toHaveLength(2);
  });

  it("compares scalars as == does", () => {
    expect(valuesOf({ node: [20, 22], exclude: [{ node: "20" }] })).toEqual([{ node: 22 }]);
    expect(valuesOf({ os: ["Linux", "mac"], exclude: [{ OS: "linux" }] })).toEqual([{ os: "mac" }]);
  });

  it("can leave nothing", () => {
    expect(expandMatrix({ a: [1], exclude: [{ a: 1 }] })).toEqual([]);
  });
});

describe("include", () => {
  it("does what GitHub's documentation shows", () => {
    const include = [
      { color: "green" },
      { color: "pink", animal: "cat" },
      { fruit: "apple", shape: "circle" },
      { fruit: "banana" },
      { fruit: "banana", animal: "cat" },
    ];
    expect(valuesOf({ ...FRUIT, include })).toEqual([
      { fruit: "apple", animal: "cat", color: "pink", shape: "circle" },
      { fruit: "apple", animal: "dog", color: "green", shape: "circle" },
      { fruit: "pear", animal: "cat", color: "pink" },
      { fruit: "pear", animal: "dog", color: "green" },
      { fruit: "banana" },
      { fruit: "banana", animal: "cat" },
    ]);
  });

  it("without vectors gives one leg for each entry, even for entries that are alike", () => {
    expect(valuesOf({ include: [{ a: 1 }, { a: 1 }, { b: 2 }] })).toEqual([{ a: 1 }, { a: 1 }, { b: 2 }]);
  });

  it("comes after exclude: what was excluded can be brought back", () => {
    expect(valuesOf({ a: [1, 2], exclude: [{ a: 1 }], include: [{ a: 1, again: true }] })).toEqual([
      { a: 2 },
      { a: 1, again: true },
    ]);
  });

  it("adds to no leg when all were excluded, and so is a leg itself", () => {
    expect(valuesOf({ a: [1], exclude: [{ a: 1 }], include: [{ b: 2 }] })).toEqual([{ b: 2 }]);
  });
});

describe("the name of a leg", () => {
  it("has every scalar of its vectors, however deep, and leaves out what is empty", () => {
    expect(suffixesOf({ os: ["linux"], node: [22.5], extra: [{ a: true, b: [null, "", "x"] }] })).toEqual([
      "(linux, 22.5, true, x)",
    ]);
  });

  it("does not show what include added to it", () => {
    expect(
      suffixesOf({
        os: ["linux", "mac"],
        include: [
          { os: "linux", slow: true },
          { os: "bsd", slow: false },
        ],
      }),
    ).toEqual(["(linux)", "(mac)", "(bsd, false)"]);
  });

  it("is empty where there is nothing to show", () => {
    expect(suffixesOf({ a: [""] })).toEqual([""]);
  });
});

describe("a malformed matrix", () => {
  const cases: [string, Json, string][] = [
    ["no mapping", "x", "The matrix must be a mapping, not a string"],
    ["null", null, "The matrix must be a mapping, not empty"],
    ["a sequence", [1], "The matrix must be a mapping, not a sequence"],
    ["empty", {}, "The matrix must define at least one vector"],
    ["only exclude", { exclude: [] }, "The matrix must define at least one vector"],
    ["an empty include", { include: [] }, "The matrix must define at least one vector"],
    ["a vector that is a scalar", { a: "x" }, "The matrix vector 'a' must be a sequence, not a string"],
    ["a vector that is a mapping", { a: {} }, "The matrix vector 'a' must be a sequence, not a mapping"],
    ["an empty vector", { a: [] }, "The matrix vector 'a' does not contain any values"],
    ["include no sequence", { include: { a: 1 } }, "The matrix include must be a sequence, not a mapping"],
    [
      "an include entry no mapping",
      { include: ["a"] },
      "A matrix include entry must be a mapping, not a string",
    ],
    ["an include entry empty", { a: [1], include: [{}] }, "A matrix include entry must not be empty"],
    ["exclude no sequence", { a: [1], exclude: 3 }, "The matrix exclude must be a sequence, not a number"],
    [
      "an exclude entry no mapping",
      { a: [1], exclude: [true] },
      "A matrix exclude entry must be a mapping, not a boolean",
    ],
    ["an exclude entry empty", { a: [1], exclude: [{}] }, "A matrix exclude entry must not be empty"],
    [
      "an exclude key that is no vector",
      { a: [1], exclude: [{ b: 1 }] },
      "The matrix exclude key 'b' does not match any key within the matrix",
    ],
  ];
  it.each(cases)("is refused: %s", (_name, matrix, message) => {
    expect(errorOf(matrix)).toBe(message);
  });

  it("is refused beyond 256 legs, counted after exclude", () => {
    const sixteen = Array.from({ length: 16 }, (_, index) => index);
    expect(expandMatrix({ a: sixteen, b: sixteen })).toHaveLength(256);
    expect(errorOf({ a: sixteen, b: sixteen, include: [{ a: 99 }] })).toBe(
      "The matrix has more than 256 legs",
    );
    expect(expandMatrix({ a: sixteen, b: [...sixteen, 16], exclude: [{ b: 16 }] })).toHaveLength(256);
  });

  it("is refused at once where its product is beyond all bounds", () => {
    const many = Array.from({ length: 1_000 }, (_, index) => index);
    expect(errorOf({ a: many, b: many, c: many, d: many })).toMatch("1000000000000 combinations");
  });
});

describe("any matrix", () => {
  const scalar = fc.oneof(fc.constantFrom("x", "y", "z"), fc.integer({ min: 0, max: 3 }), fc.boolean());
  const vector = fc.uniqueArray(scalar, { minLength: 1, maxLength: 4 });
  const entry = fc.dictionary(fc.constantFrom("a", "b", "c", "d"), scalar, { minKeys: 1, maxKeys: 3 });
  const matrices = fc.record({
    vectors: fc.dictionary(fc.constantFrom("a", "b", "c"), vector, { minKeys: 1 }),
    include: fc.array(entry, { maxLength: 4 }),
    exclude: fc.array(entry, { maxLength: 3 }),
  });

  it("has the legs its product has that no exclude matches, in order, then unmatched includes", () => {
    fc.assert(
      fc.property(matrices, ({ vectors, include, exclude: wild }) => {
        const exclude = wild.filter((one) => Object.keys(one).every((key) => key in vectors));
        const equal = (left: Json, right: Json) =>
          String(Number(left)) === String(Number(right)) &&
          typeof left !== "string" &&
          typeof right !== "string"
            ? true
            : left === right;
        const product = Object.entries(vectors).reduce<JsonObject[]>(
          (legs, [name, values]) => legs.flatMap((leg) => values.map((value) => ({ ...leg, [name]: value }))),
          [{}],
        );
        const fits = (filter: JsonObject, leg: JsonObject) =>
          Object.entries(filter).every(([key, value]) => !(key in vectors) || equal(leg[key] ?? null, value));
        const kept = product.filter((leg) => !exclude.some((one) => fits(one, leg)));
        const merged = kept.map((leg) => {
          const extras = include.filter((one) => fits(one, leg));
          return Object.assign({}, ...extras, leg);
        });
        const left = include.filter((one) => !kept.some((leg) => fits(one, leg)));
        expect(valuesOf({ ...vectors, include, exclude })).toEqual([...merged, ...left]);
      }),
    );
  });
});
