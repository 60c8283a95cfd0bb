import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { PatternSearch } from "./pattern-search.ts";
import { PrefixTree } from "./prefix-tree.ts";
import { valueEncodings } from "./value-encodings.ts";

function treeOf(patterns: readonly string[]): PrefixTree {
  const tree = new PrefixTree();
  for (const pattern of patterns) tree.add(Buffer.from(pattern));
  return tree;
}

/** A text that counts how often one of its bytes is looked at. */
function counted(content: string): { text: Uint8Array; reads(): number } {
  let reads = 0;
  const text = new Proxy(Buffer.from(content), {
    get(bytes, key) {
      if (typeof key === "string" && /^\d+$/.test(key)) reads++;
      return Reflect.get(bytes, key, bytes);
    },
  });
  return { text, reads: () => reads };
}

test("a pattern is added once", () => {
  const tree = treeOf(["abc", "abd"]);
  expect(["abc", "ab", "ab", "abd", "abde"].map((text) => tree.add(Buffer.from(text)))).toEqual([
    false,
    true,
    false,
    false,
    true,
  ]);
});

test("at every place it finds the longest pattern, and whether more text may make one", () => {
  // Repeated, so that texts are long, and repeat themselves in the way patterns do.
  const piece = fc.tuple(fc.constantFrom("a", "b", "ab", "aab", "aba"), fc.nat(60));
  const long = fc
    .array(piece, { minLength: 1, maxLength: 5 })
    .map((pieces) => pieces.map(([letters, times]) => letters.repeat(times)).join(""));
  fc.assert(
    fc.property(fc.array(long, { minLength: 1, maxLength: 4 }), long, (values, text) => {
      const patterns = values.filter((value) => value !== "");
      const walk = treeOf(patterns).walk(Buffer.from(text));
      for (let at = 0; at < text.length; at++) {
        const rest = text.slice(at);
        const lengths = patterns.filter((pattern) => rest.startsWith(pattern)).map(({ length }) => length);
        expect(walk.longestAt(at)).toBe(Math.max(0, ...lengths));
        expect(walk.isOpenAt(at)).toBe(patterns.some((p) => p.length > rest.length && p.startsWith(rest)));
      }
    }),
  );
});

describe("however patterns and text repeat themselves, each byte is looked at a few times", () => {
  const numbers = Array.from({ length: 1_000 }, (_, i) => `${i}`.padStart(4, "0"));
  test.each<[string, string[], string]>([
    ["one letter", ["a".repeat(2_000)], "a".repeat(20_000)],
    ["two letters", ["ab".repeat(1_000)], "ab".repeat(10_000)],
    [
      "base64 of one letter",
      [...valueEncodings("a".repeat(2_000))],
      Buffer.from("a".repeat(15_000)).toString("base64"),
    ],
    ["almost a match, again and again", [`${"a".repeat(2_000)}b`], `${"a".repeat(1_999)}c`.repeat(10)],
    ["several of one letter", ["a".repeat(500), "a".repeat(2_000), "a".repeat(3_000)], "a".repeat(20_000)],
    [
      "many with a common beginning",
      // The short one: where the window ends, all of them are still the same.
      ["common", ...numbers.map((number) => `${"common-".repeat(10)}${number}`)],
      "common-".repeat(3_000),
    ],
    [
      "many with a common beginning that are there",
      ["token", ...numbers.map((number) => `token-${number}`)],
      numbers.map((number) => `token-${number}`).join(" "),
    ],
  ])("%s", (_, patterns, content) => {
    const search = new PatternSearch();
    for (const pattern of patterns) search.add(Buffer.from(pattern));
    const { text, reads } = counted(content);
    search.search(text, []);
    search.openTail(text);
    expect(reads()).toBeGreaterThan(0);
    expect(reads()).toBeLessThan(20 * content.length);
  });
});
