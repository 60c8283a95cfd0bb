import {
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
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

test("a missing file is made", () => {
  rewriteFile(join(directory, "new"), "text");
  expect(readFileSync(join(directory, "new"), "utf8")).toBe("text");
});

const inTheWay: readonly (readonly [string, (path: string, other: string) => void])[] = [
  ["a link to another file", (path, other) => symlinkSync(other, path)],
  ["a second name of another file", (path, other) => linkSync(other, path)],
  ["a link to nothing", (path) => symlinkSync("/nowhere/at/all", path)],
  ["a folder", (path) => mkdirSync(join(path, "inner"), { recursive: true })],
  ["a file that may not be written", (path) => writeFileSync(path, "locked", { mode: 0o444 })],
];

test.each(inTheWay)("%s is replaced, and nothing is written through it", (name, put) => {
  const path = join(directory, name);
  const other = join(directory, `other of ${name}`);
  writeFileSync(other, "precious");
  put(path, other);
  rewriteFile(path, "text");
  expect(readFileSync(path, "utf8")).toBe("text");
  expect(lstatSync(path).isFile()).toBe(true);
  expect(readFileSync(other, "utf8")).toBe("precious");
});
