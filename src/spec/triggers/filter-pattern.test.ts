import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ExecError } from "../../errors.ts";
import { compilePattern } from "./filter-pattern.ts";

describe("a filter pattern", () => {
  // The first rows are the examples of GitHub's own cheat sheet.
  const cases: [pattern: string, matching: string[], others: string[]][] = [
    [
      "feature/*",
      ["feature/my-branch", "feature/your-branch", "feature/"],
      ["feature/a/b", "feature", "xfeature/a"],
    ],
    ["feature/**", ["feature/beta-a/my-branch", "feature/your-branch"], ["feature", "hot/feature/a"]],
    ["main", ["main"], ["Main", "maint", "amain", ""]],
    ["*", ["main", "releases", ""], ["all/the/branches"]],
    ["**", ["all/the/branches", "every/tag", ""], []],
    ["*feature", ["mona-feature", "feature", "ver-10-feature"], ["feature-x", "a/feature"]],
    ["v2*", ["v2", "v2.0", "v2.9"], ["v1", "v2/a"]],
    ["v[12].[0-9]+.[0-9]+", ["v1.10.1", "v2.0.0"], ["v3.0.0", "v1.1", "v1..1", "v1.a.1"]],
    ["*.jsx?", ["page.js", "page.jsx", ".js"], ["page.jsxx", "a/page.js", "pagexjs"]],
    ["*.js", ["app.js"], ["js/app.js"]],
    ["**.js", ["index.js", "js/index.js", "src/js/app.js"], ["index.jsx"]],
    ["docs/*", ["docs/README.md"], ["docs/a/b", "docs"]],
    ["docs/**", ["docs/README.md", "docs/mona/octocat.txt"], ["adocs/x"]],
    ["docs/**/*.md", ["docs/README.md", "docs/mona/hello.md", "docs/a/b/c.md"], ["docs/a.txt", "docsa.md"]],
    [
      "**/docs/**",
      ["docs/hello.md", "dir/docs/my-file.txt", "space/docs/plan/space.doc"],
      ["mydocs/a", "docs"],
    ],
    ["**/README.md", ["README.md", "js/README.md"], ["xREADME.md", "README.md/a"]],
    ["**/*src/**", ["a/src/app.js", "my-src/code/js/app.js"], ["srcs/a"]],
    ["**/*-post.md", ["my-post.md", "path/their-post.md"], ["post.md"]],
    [
      "**/migrate-*.sql",
      ["migrate-10909.sql", "db/migrate-v1.0.sql", "db/sept/migrate-v1.sql"],
      ["migrate-a/b.sql"],
    ],
    ["a**/b", ["a/b", "ax/b", "a/x/b"], ["ab"]],
    ["a/**/b", ["a/b", "a/x/b", "a/x/y/b"], ["ab", "a/xb"]],
    ["a?b+", ["b", "ab", "abbb"], ["a", "aab"]],
    ["[a-cX0]?z", ["z", "az", "Xz", "0z"], ["dz", "xz", "abz"]],
    ["\\*\\?\\[\\\\", ["*?[\\"], ["a?[\\"]],
    ["\\!file", ["!file"], ["file"]],
    [".yml", [".yml"], ["fyml"]],
    ["?x", ["?x"], ["x"]],
    ["c++", ["c+", "cc+"], ["c", "c++"]],
    ["a]b{c}(d)|$^", ["a]b{c}(d)|$^"], []],
    ["gr😀+ß", ["gr😀ß", "gr😀😀ß"], ["grß"]],
    ["", [""], ["a"]],
  ];
  it.each(cases)("%s", (pattern, matching, others) => {
    const { matches } = compilePattern(pattern);
    expect(matching.filter((text) => !matches(text))).toEqual([]);
    expect(others.filter((text) => matches(text))).toEqual([]);
  });

  it("with ! in front is negative, and matches what follows", () => {
    const pattern = compilePattern("!docs/**");
    expect([pattern.negative, pattern.matches("docs/a")]).toEqual([true, true]);
  });

  it.each([
    ["v[12", "a '[' is never closed by ']'"],
    ["v[]", "there is nothing between '[' and ']'"],
    ["[a_]", "between '[' and ']' stand letters a-z and A-Z, digits, and ranges of these"],
    ["[!a]", "between '[' and ']' stand letters"],
    ["[z-a]", "between '[' and ']' stand letters"],
    ["[a-]", "between '[' and ']' stand letters"],
    ["[a-Z]", "between '[' and ']' stand letters"],
    ["a\\", "nothing follows the '\\' at its end"],
  ])("is refused where it is malformed: %s", (pattern, why) => {
    expect(() => compilePattern(pattern)).toThrow(ExecError);
    expect(() => compilePattern(pattern)).toThrow(why);
  });

  it("answers at once where a regular expression would take for ever", () => {
    const text = "a".repeat(2_000);
    expect(compilePattern(`${"a*".repeat(200)}b`).matches(text)).toBe(false);
    expect(compilePattern(`${"**/".repeat(200)}b`).matches(`${"a/".repeat(1_000)}c`)).toBe(false);
    expect(compilePattern(`${"a?".repeat(500)}${"a".repeat(500)}`).matches("a".repeat(500))).toBe(true);
  });
});

/** Pieces of a pattern, each with the texts it stands for; slow and plainly right. */
type Piece = { readonly source: string; readonly fits: (text: string) => boolean };

const PIECES: readonly Piece[] = [
  { source: "a", fits: (text) => text === "a" },
  { source: "b", fits: (text) => text === "b" },
  { source: "a?", fits: (text) => text === "" || text === "a" },
  { source: "b+", fits: (text) => text !== "" && [...text].every((c) => c === "b") },
  { source: "[ab]", fits: (text) => text === "a" || text === "b" },
  { source: "[a-b]+", fits: (text) => text !== "" && [...text].every((c) => c !== "/") },
  { source: "*", fits: (text) => !text.includes("/") },
  { source: "/", fits: (text) => text === "/" },
  { source: "\\a", fits: (text) => text === "a" },
];

function naive(pieces: readonly Piece[], text: string): boolean {
  const [first, ...rest] = pieces;
  if (!first) return text === "";
  return Array.from({ length: text.length + 1 }, (_, end) => end).some(
    (end) => first.fits(text.slice(0, end)) && naive(rest, text.slice(end)),
  );
}

it("a filter pattern matches what its pieces match one after the other", () => {
  const pieces = fc.array(fc.constantFrom(...PIECES), { maxLength: 6 });
  const text = fc.array(fc.constantFrom("a", "b", "/"), { maxLength: 8 }).map((letters) => letters.join(""));
  fc.assert(
    fc.property(pieces, text, (parts, name) => {
      // `**` is another pattern than two `*`.
      const apart = parts.filter((part, index) => part.source !== "*" || parts[index - 1]?.source !== "*");
      const source = apart.map((part) => part.source).join("");
      expect(compilePattern(source).matches(name)).toBe(naive(apart, name));
    }),
    { numRuns: 2_000 },
  );
});
