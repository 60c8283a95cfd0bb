import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Json } from "../../json.ts";
import { isTruthy, toNumber, toStringValue } from "./coerce.ts";
import { isEqual, isGreater, isLess } from "./compare.ts";
import { foldCase } from "./fold-case.ts";
import { formatNumber } from "./format-number.ts";
import { parseNumber } from "./parse-number.ts";

describe("a number becomes a text", () => {
  it.each([
    [0, "0"],
    [-0, "0"],
    [1, "1"],
    [-1.5, "-1.5"],
    [0.1 + 0.2, "0.3"],
    [1 / 3, "0.333333333333333"],
    [2 / 3, "0.666666666666667"],
    [100, "100"],
    [123_456.789, "123456.789"],
    [999_999_999_999_999, "999999999999999"],
    [1e15, "1E+15"],
    [1_234_567_890_123_456, "1.23456789012346E+15"],
    [1e21, "1E+21"],
    [1e100, "1E+100"],
    [999_999_999_999_999.9, "1E+15"],
    [0.0001, "0.0001"],
    [0.00012345678901234567, "0.000123456789012346"],
    [0.00001, "1E-05"],
    [-1.5e-10, "-1.5E-10"],
    [5e-324, "4.94065645841247E-324"],
    [1.7976931348623157e308, "1.79769313486232E+308"],
    [Number.NaN, "NaN"],
    [Number.POSITIVE_INFINITY, "Infinity"],
    [Number.NEGATIVE_INFINITY, "-Infinity"],
  ])("%d as %s", (value, text) => {
    expect(formatNumber(value)).toBe(text);
  });

  it("that reads back as nearly the same number", () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e300, max: 1e300 }), (value) => {
        const back = Number(formatNumber(value));
        expect(Math.abs(back - value)).toBeLessThanOrEqual(Math.abs(value) * 1e-14);
      }),
    );
  });
});

describe("a text becomes a number", () => {
  it.each([
    ["", 0],
    ["  ", 0],
    [" 12.5 ", 12.5],
    ["+.5", 0.5],
    ["5.", 5],
    ["-1e3", -1000],
    ["1E-2", 0.01],
    ["0xff", 255],
    ["0xFFFFFFFF", -1],
    ["0x1FFFFFFFF", Number.NaN],
    ["0XFF", Number.NaN],
    ["-0xff", Number.NaN],
    ["0o17", 15],
    ["0o8", Number.NaN],
    ["0b1", Number.NaN],
    ["1_000", Number.NaN],
    ["1,000", Number.NaN],
    ["Infinity", Number.POSITIVE_INFINITY],
    ["-Infinity", Number.NEGATIVE_INFINITY],
    ["NaN", Number.NaN],
    [".", Number.NaN],
    ["e5", Number.NaN],
    ["abc", Number.NaN],
  ])("%j as %d", (text, value) => {
    expect(parseNumber(text)).toBe(value);
  });
});

describe("coercions", () => {
  const values: [Json, string, number, boolean][] = [
    [null, "", 0, false],
    [true, "true", 1, true],
    [false, "false", 0, false],
    [0, "0", 0, false],
    [Number.NaN, "NaN", Number.NaN, false],
    ["", "", 0, false],
    ["0", "0", 0, true],
    ["false", "false", Number.NaN, true],
    [[], "Array", Number.NaN, true],
    [[1], "Array", Number.NaN, true],
    [{}, "Object", Number.NaN, true],
  ];
  it.each(values)("of %j", (value, text, number, truth) => {
    expect([toStringValue(value), toNumber(value), isTruthy(value)]).toEqual([text, number, truth]);
  });
});

describe("comparing", () => {
  const list: Json = [1];
  const cases: [Json, Json, "=" | "<" | ">" | "none"][] = [
    [1, 1, "="],
    [1, "1", "="],
    ["1", "01", ">"],
    [null, 0, "="],
    [null, "", "="],
    [null, false, "="],
    [null, null, "="],
    [true, "1", "="],
    [true, "true", "none"],
    [false, "", "="],
    [Number.NaN, Number.NaN, "none"],
    ["Main", "mAIN", "="],
    ["ß", "SS", ">"],
    ["ß", "ẞ", "<"],
    ["ı", "I", ">"],
    ["é", "É", "="],
    ["a", "B", "<"],
    ["_", "a", ">"],
    ["abc", 1, "none"],
    [list, list, "="],
    [list, [1], "none"],
    [{}, {}, "none"],
    [[], 0, "none"],
    [[], null, "none"],
  ];
  it.each(cases)("%j with %j", (left, right, expected) => {
    const found = isEqual(left, right)
      ? "="
      : isLess(left, right)
        ? "<"
        : isGreater(left, right)
          ? ">"
          : "none";
    expect(found).toBe(expected);
    expect(isEqual(right, left)).toBe(expected === "=");
    expect(isLess(right, left)).toBe(expected === ">");
    expect(isGreater(right, left)).toBe(expected === "<");
  });

  it("texts is an order: of any two exactly one of less, equal and greater holds", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), fc.string({ unit: "grapheme" }), (left, right) => {
        const holds = [isLess(left, right), isEqual(left, right), isGreater(left, right)];
        expect(holds.filter(Boolean)).toHaveLength(1);
        expect(foldCase(left)).toHaveLength(left.length);
      }),
    );
  });
});
