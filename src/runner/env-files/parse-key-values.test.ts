import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseKeyValues } from "./parse-key-values.ts";

describe("lines NAME=value", () => {
  test.each<[string, string, [string, string][]]>([
    ["nothing", "", []],
    ["only empty lines", "\n\r\n\n", []],
    ["one", "A=my value\n", [["A", "my value"]]],
    ["without a line end", "A=b", [["A", "b"]]],
    [
      "with empty lines between",
      "\nA=1\n\n\nB=2\n",
      [
        ["A", "1"],
        ["B", "2"],
      ],
    ],
    ["an empty value", "A=\n", [["A", ""]]],
    [
      "equals signs in the value",
      "A==abc\nB=def=ghi\nC=jkl=\n",
      [
        ["A", "=abc"],
        ["B", "def=ghi"],
        ["C", "jkl="],
      ],
    ],
    ["<< in the value", "A=x<<EOF\n", [["A", "x<<EOF"]]],
    [
      "Windows line ends",
      "A=1\r\nB=2\r\n",
      [
        ["A", "1"],
        ["B", "2"],
      ],
    ],
    ["a CR in the middle stays", "A=1\r2\n", [["A", "1\r2"]]],
    ["spaces belong to name and value", " A = 1 \n", [[" A ", " 1 "]]],
    ["letters of any kind", "naïve=🔑 ключ\n", [["naïve", "🔑 ключ"]]],
    [
      "the same name twice, in order",
      "A=1\nA=2\n",
      [
        ["A", "1"],
        ["A", "2"],
      ],
    ],
  ])("%s", (_, text, pairs) => {
    expect(parseKeyValues(text)).toEqual({ pairs });
  });
});

describe("NAME<<DELIMITER", () => {
  test.each<[string, string, [string, string][]]>([
    ["several lines", "A<<EOF\nline one\nline two\nEOF\n", [["A", "line one\nline two"]]],
    ["no line", "A<<EOF\nEOF\n", [["A", ""]]],
    ["one empty line", "A<<EOF\n\nEOF\n", [["A", ""]]],
    ["two empty lines", "A<<EOF\n\n\nEOF\n", [["A", "\n"]]],
    ["equals signs in it", "A<<EOF\nhello=four\nEOF\n", [["A", "hello=four"]]],
    ["a delimiter with an equals sign", "A<<=EOF\nhello\n=EOF\n", [["A", "hello"]]],
    ["a delimiter with a <", "A<<<EOF\nhello\n<EOF\n", [["A", "hello"]]],
    [
      "a line that only begins like the delimiter",
      "A<<EOF\nEOFX\n EOF\nEOF \nEOF\n",
      [["A", "EOFX\n EOF\nEOF "]],
    ],
    ["the delimiter as the last line without an end", "A<<EOF\nx\nEOF", [["A", "x"]]],
    [
      "two, and a line between",
      "A<<E\n1\nE\nB=2\nC<<E\n3\n4\nE\n",
      [
        ["A", "1"],
        ["B", "2"],
        ["C", "3\n4"],
      ],
    ],
    ["Windows line ends stay inside the value", "A<<EOF\r\none\r\ntwo\r\nEOF\r\n", [["A", "one\r\ntwo"]]],
    ["another one inside the value", "A<<EOF\nB<<X\nEOF\n", [["A", "B<<X"]]],
  ])("%s", (_, text, pairs) => {
    expect(parseKeyValues(text)).toEqual({ pairs });
  });
});

describe("mistakes, with what was read before them", () => {
  const before: [string, string][] = [["OK", "1"]];
  test.each([
    ["a line that is neither", "OK=1\nno sign\n", "Invalid format 'no sign'"],
    ["an empty name", "OK=1\n=x\n", "Invalid format '=x'. Name must not be empty"],
    [
      "an empty name before <<",
      "OK=1\n<<EOF\nx\nEOF\n",
      "Invalid format '<<EOF'. Name must not be empty and delimiter must not be empty",
    ],
    [
      "an empty delimiter",
      "OK=1\nA<<\nx\n",
      "Invalid format 'A<<'. Name must not be empty and delimiter must not be empty",
    ],
    [
      "a delimiter that does not come",
      "OK=1\nA<<EOF\nx\n",
      "Invalid value. Matching delimiter not found 'EOF'",
    ],
    [
      "a delimiter that does not come at all",
      "OK=1\nA<<EOF",
      "Invalid value. Matching delimiter not found 'EOF'",
    ],
    ["a last line without an end", "OK=1\nA<<EOF\nxEOF", "Invalid value. EOF marker missing new line."],
  ])("%s", (_, text, error) => {
    expect(parseKeyValues(text)).toEqual({ pairs: before, error });
  });
});

describe("for any names and values", () => {
  const name = fc.string({ minLength: 1, unit: "grapheme" }).filter((text) => !/[=\n\r]|<</.test(text));
  const lineEnd = fc.constantFrom("\n", "\r\n");

  test("what was written is what is read", () => {
    const delimiter = "ghadelimiter_7";
    const value = fc.string({
      unit: fc.constantFrom("a", "=", "<", "<<", "\n", "🔑", " ", delimiter[0] ?? ""),
    });
    fc.assert(
      fc.property(fc.array(fc.tuple(name, value, fc.boolean())), lineEnd, (entries, end) => {
        const text = entries.map(([key, content, short]) =>
          short && !content.includes("\n")
            ? `${key}=${content}${end}`
            : `${key}<<${delimiter}${end}${content.replaceAll("\n", end)}${end}${delimiter}${end}`,
        );
        const pairs = entries.map(([key, content]) => [key, content.replaceAll("\n", end)]);
        expect(parseKeyValues(text.join(""))).toEqual({ pairs });
      }),
    );
  });

  test("no text makes it throw, or read for ever", () => {
    const text = fc.string({ unit: fc.constantFrom("A", "=", "<", "<<", "\n", "\r", "E"), maxLength: 40 });
    fc.assert(
      fc.property(text, (any) => {
        const { pairs } = parseKeyValues(any);
        for (const [key] of pairs) expect(key).not.toBe("");
      }),
    );
  });
});
