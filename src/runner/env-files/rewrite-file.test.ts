import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { rewriteFile } from "./rewrite-file.ts";

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "rewrite-"));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const texts = ["", "short", "longer than short", "größer ✓", "x".repeat(200_000)];
const pairs = texts.flatMap((before) => texts.map((after) => [before, after] as const));

test.each(pairs)("a file of %j becomes %j", (before, after) => {
  const path = join(directory, "file");
  writeFileSync(path, before);
  rewriteFile(path, after);
  expect(readFileSync(path, "utf8")).toBe(after);
});

test("a missing file is made; a folder in its place is an error", () => {
  rewriteFile(join(directory, "new"), "text");
  expect(readFileSync(join(directory, "new"), "utf8")).toBe("text");
  mkdirSync(join(directory, "folder"));
  expect(() => rewriteFile(join(directory, "folder"), "")).toThrow(/EISDIR/);
});

test("a file that has the content already is not touched", () => {
  const path = join(directory, "same");
  writeFileSync(path, "same");
  utimesSync(path, 1, 1);
  rewriteFile(path, "same");
  expect(statSync(path).mtimeMs).toBe(1000);
  rewriteFile(path, "Same");
  expect(statSync(path).mtimeMs).toBeGreaterThan(1000);
});
