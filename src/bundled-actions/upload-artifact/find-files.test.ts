import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { commonFolder, findFiles } from "./find-files.ts";

let folder = "";
beforeAll(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), "slipway-find-")));
  mkdirSync(join(folder, "a/.hidden"), { recursive: true });
  mkdirSync(join(folder, "b"));
  for (const name of ["a/one.txt", "a/two.log", "a/.hidden/three.txt", "b/four.txt"]) {
    writeFileSync(join(folder, name), name);
  }
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("findFiles", () => {
  it.each([
    ["a single file stands by its bare name", "a/one.txt", false, ["a/one.txt"], "a"],
    ["a folder gives what is below it, hidden files left out", "a", false, ["a/one.txt", "a/two.log"], "a"],
    [
      "hidden files come with the wish for them",
      "a",
      true,
      ["a/.hidden/three.txt", "a/one.txt", "a/two.log"],
      "a",
    ],
    [
      "several paths share their deepest common folder",
      "a/one.txt\nb/four.txt",
      false,
      ["a/one.txt", "b/four.txt"],
      "",
    ],
    ["a pattern with ! leaves out", "a/*\n!a/*.log", false, ["a/one.txt"], "a"],
    ["nothing that matches is no files", "missing/*.txt", false, [], "missing"],
  ])("%s", async (_, patterns, hidden, files, root) => {
    const absolute = patterns.replaceAll(
      /^(!?)(.*)$/gm,
      (_match, not, path) => `${not}${join(folder, path)}`,
    );
    const found = await findFiles(absolute, hidden);
    expect(found.files.sort()).toEqual(files.map((file) => join(folder, file)));
    expect(found.root).toBe(join(folder, root).replace(/\/$/, ""));
  });
});

describe("commonFolder", () => {
  it("is the root where nothing is shared", () => {
    expect(commonFolder(["/a/b", "/c"])).toBe("/");
  });
});
