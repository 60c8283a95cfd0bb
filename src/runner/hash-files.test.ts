import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { hashFiles } from "./hash-files.ts";

const FILES = [
  ".h",
  ".hidden/x",
  "[x]/y",
  "a*b",
  "a.txt",
  "b.txt",
  "dir/c.txt",
  "dir/sub/d.txt",
  "dir2/-.txt",
  "dir2/5.txt",
  "dir2/B.txt",
  "dir2/].txt",
  "dir2/b.txt",
  "dir2/ä.txt",
  "node_modules/p/package-lock.json",
  "package-lock.json",
  "sub/package-lock.json",
  "z/b c.txt",
  "z/q?.txt",
  "z/é/ü.txt",
];

let root = "";
beforeAll(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), "hash-files-")));
  for (const file of FILES) {
    mkdirSync(dirname(join(root, file)), { recursive: true });
    writeFileSync(join(root, file), `content of ${file}`);
  }
  symlinkSync("dir", join(root, "link"));
  symlinkSync("a.txt", join(root, "flink"));
  symlinkSync("..", join(root, "dir/up"));
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** What the algorithm gives for these files, in this order, each with the content of another where it is a link. */
function expectedHash(...files: string[]): string {
  const total = createHash("sha256");
  for (const file of files) total.update(createHash("sha256").update(`content of ${file}`).digest());
  return files.length === 0 ? "" : total.digest("hex");
}

// Each row was checked against the hashFiles program that actions/runner ships.
const CASES: readonly [patterns: string[], matched: string[]][] = [
  [["*.txt"], ["a.txt", "b.txt"]],
  [["**/*.txt"], ["a.txt", "b.txt", "dir/c.txt", "dir/sub/d.txt", ...FILES.slice(8, 14), ...FILES.slice(17)]],
  [["dir"], ["dir/c.txt", "dir/sub/d.txt"]],
  [["dir/"], ["dir/c.txt", "dir/sub/d.txt"]],
  [["dir/**"], ["dir/c.txt", "dir/sub/d.txt"]],
  [["a.txt/"], []],
  [["a.txt/**"], ["a.txt"]],
  [["./a.txt"], ["a.txt"]],
  [["dir//c.txt"], ["dir/c.txt"]],
  [
    ["b.txt", "a.txt"],
    ["b.txt", "a.txt"],
  ],
  [
    ["**/d.txt", "dir/c.txt"],
    ["dir/c.txt", "dir/sub/d.txt"],
  ],
  [["**/sub/**/d.txt"], ["dir/sub/d.txt"]],
  [
    ["**/package-lock.json"],
    ["node_modules/p/package-lock.json", "package-lock.json", "sub/package-lock.json"],
  ],
  [
    ["**/package-lock.json", "!**/node_modules/**"],
    ["package-lock.json", "sub/package-lock.json"],
  ],
  [
    ["**/package-lock.json", "!node_modules"],
    ["package-lock.json", "sub/package-lock.json"],
  ],
  [["dir", "!dir", "dir/sub"], ["dir/sub/d.txt"]],
  [["!dir/**", "dir/*.txt"], ["dir/c.txt"]],
  [["!a.txt"], []],
  [["!!a.txt"], ["a.txt"]],
  [["  a.txt  ", "# a comment", ""], ["a.txt"]],
  [["a.txt\nb.txt"], ["a.txt", "b.txt"]],
  [["?.txt"], ["a.txt", "b.txt"]],
  [["[[]x]/*"], ["[x]/y"]],
  [["a[*]b"], ["a*b"]],
  [["a\\*b"], ["a*b"]],
  [["z/q[?].txt"], ["z/q?.txt"]],
  [["z/**/[é]/*"], ["z/é/ü.txt"]],
  [["dir2/[a-c].txt"], ["dir2/b.txt"]],
  [["dir2/[!a-c].txt"], ["dir2/-.txt", "dir2/5.txt", "dir2/B.txt", "dir2/].txt", "dir2/ä.txt"]],
  [["dir2/[z-a].txt"], []],
  [["dir2/[\\]].txt"], ["dir2/].txt"]],
  [["dir2/[a-].txt"], ["dir2/-.txt"]],
  [["dir2/[.txt"], []],
  [["{a,b}.txt"], []],
  [["@(a|b).txt"], []],
  [[".*"], [".h", ".hidden/x"]],
  [["flink"], ["a.txt"]],
  [["link"], []],
  [["--follow-symbolic-links", "link/*.txt"], ["dir/c.txt"]],
  [["--Follow-Symbolic-Links", "link/c.txt"], ["dir/c.txt"]],
  [["/etc/hostname"], []],
  [["nope"], []],
];

describe("hashFiles", () => {
  it.each(CASES)("matches %j as GitHub does", (patterns, matched) => {
    expect(hashFiles(root, patterns)).toBe(expectedHash(...matched));
  });

  it("takes absolute patterns inside the workspace", () => {
    expect(hashFiles(root, [join(root, "a.txt")])).toBe(expectedHash("a.txt"));
  });

  it("ignores what lies outside the workspace without walking it", () => {
    expect(hashFiles(join(root, "dir"), ["/**/d.txt"])).toBe(expectedHash("dir/sub/d.txt"));
  });

  it("starts ~ at the home directory it was given", () => {
    expect(hashFiles(root, ["~/c.txt"], join(root, "dir"))).toBe(expectedHash("dir/c.txt"));
    expect(() => hashFiles(root, ["~/c.txt"])).toThrow(/no home directory/);
  });

  it("ends on cycles of followed links", () => {
    expect(hashFiles(root, ["--follow-symbolic-links", "dir/**/d.txt"])).not.toBe("");
  });

  it("hashes a file too large for one read", () => {
    const folder = mkdtempSync(join(tmpdir(), "hash-files-"));
    try {
      const content = Buffer.alloc(3 * 1024 * 1024 + 7, "x");
      writeFileSync(join(folder, "big"), content);
      const once = createHash("sha256").update(content).digest();
      expect(hashFiles(folder, ["big"])).toBe(createHash("sha256").update(once).digest("hex"));
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("gives the known hash of a known file", () => {
    const folder = mkdtempSync(join(tmpdir(), "hash-files-"));
    try {
      writeFileSync(join(folder, "test.txt"), "test file content");
      expect(hashFiles(folder, ["*"])).toBe(
        "d8a411e8f8643821bed189e627ff57151918aa554c00c10b31c693ab2dded273",
      );
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it.each([
    [["dir/.."], /Relative pathing '\.' and '\.\.' is not allowed/],
    [["dir/./c.txt"], /Relative pathing/],
    [["!"], /it is empty/],
    [["--bad", "a"], /Invalid glob option --bad, available option: '--follow-symbolic-links'/],
  ])("refuses %j", (patterns, message) => {
    expect(() => hashFiles(root, patterns)).toThrow(message);
  });

  it("says which link is broken, as GitHub's fails on it too", () => {
    const folder = mkdtempSync(join(tmpdir(), "hash-files-"));
    try {
      symlinkSync("nowhere", join(folder, "broken"));
      expect(() => hashFiles(folder, ["*"])).toThrow(/failed\. Fail to hash files under directory .*broken/s);
      expect(hashFiles(folder, ["--follow-symbolic-links", "*"])).toBe("");
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("never does anything but match or refuse, whatever the pattern", () => {
    const pattern = fc.string({
      unit: fc.constantFrom("a", "b", "*", "**", "?", "[", "]", "!", "-", "\\", "/", ".", "^"),
    });
    fc.assert(
      fc.property(fc.array(pattern, { maxLength: 3 }), (patterns) => {
        try {
          return /^([0-9a-f]{64})?$/.test(hashFiles(join(root, "dir"), patterns));
        } catch (error) {
          return error instanceof Error && /Invalid pattern|Invalid glob option/.test(error.message);
        }
      }),
      { numRuns: 300 },
    );
  });
});
