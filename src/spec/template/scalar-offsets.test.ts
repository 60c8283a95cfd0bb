import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isScalar, parseDocument } from "yaml";
import { type ScalarStyle, scalarOffsets } from "./scalar-offsets.ts";

const STYLES: Readonly<Record<string, ScalarStyle>> = {
  PLAIN: "plain",
  QUOTE_SINGLE: "single",
  QUOTE_DOUBLE: "double",
  BLOCK_LITERAL: "literal",
  BLOCK_FOLDED: "folded",
};

/** Every place of `marker` in the value, and the text that stands in the source there. */
function places(yaml: string, marker: string): string[] {
  const node = parseDocument(yaml).get("k", true);
  if (!isScalar(node) || typeof node.value !== "string") throw new Error(`no text: ${yaml}`);
  const [start, end] = node.range ?? [0, 0];
  const source = yaml.slice(start, end);
  const value = node.value;
  const style = STYLES[node.type ?? ""] ?? "plain";
  const offsetOf = scalarOffsets(source, style, value);
  return [...value.matchAll(new RegExp(marker, "g"))].map(({ index }) => {
    const at = offsetOf(index);
    return source.slice(at, at + marker.length);
  });
}

describe("scalarOffsets", () => {
  it.each([
    ["k: a MARK b MARK"],
    ["k: 'it''s ''MARK'' and MARK'"],
    ['k: "\\u00e4\\x41\\U0001F600\\t\\"MARK\\" \\\n   MARK"'],
    ["k: a\n  b\n\n  MARK c\n  MARK"],
    ["k: |\n  a\n\n    MARK\n  MARK\n"],
    ["k: |+\n\n\n   MARK\n\n   MARK\n\n\n"],
    ["k: |1\n   MARK\n  MARK\n"],
    ["k: >-\n  a\n  MARK\n\n  b\n    MARK\n  MARK\n"],
    ["k: >\r\n  a\r\n  MARK\r\n  MARK\r\n"],
    ["k: |\r\n  a\r\n  MARK\r\n  MARK\r\n"],
  ])("finds every character of %j where it is written", (yaml) => {
    const found = places(yaml, "MARK");
    expect(found.length).toBeGreaterThan(1);
    expect(new Set(found)).toEqual(new Set(["MARK"]));
  });

  it("finds a mark in any text of any style", () => {
    const word = fc.constantFrom("a", "MARK", "it's", '"', "\\", "b c", "ä😀", "", "  x");
    const lines = fc.array(word, { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(lines, fc.constantFrom("|", ">", "|-", ">+"), (words, header) => {
        const yaml = `k: ${header}\n  first\n${words.map((line) => (line === "" ? "" : `  ${line} MARK`)).join("\n")}\n`;
        expect(places(yaml, "MARK").every((text) => text === "MARK")).toBe(true);
      }),
      { seed: 7, numRuns: 300 },
    );
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom("a", "MARK", "it's", "ä😀", '"', "\t", "\\", "\n"), { maxLength: 12 }),
        (words) => {
          const text = words.join("");
          expect(places(`k: ${JSON.stringify(`x${text}`)}`, "MARK").every((found) => found === "MARK")).toBe(
            true,
          );
          const single = text.replaceAll("\n", " ").replaceAll("'", "''");
          expect(places(`k: 'x${single}'`, "MARK").every((found) => found === "MARK")).toBe(true);
        },
      ),
      { seed: 7, numRuns: 300 },
    );
  });
});
