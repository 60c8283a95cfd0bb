import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { fileInRepository } from "./repository-file.ts";

let root: string;

/** Folders as a job may have them: the workspace is the workflow's repository, or holds several. */
const FILES: { readonly [path: string]: string } = {
  "plain/src/a.js": "",
  "several/ours/.git/config": '[remote "origin"]\n\turl = https://github.com/Octo/Cat\n',
  "several/ours/src/a.js": "",
  "several/ours/src/a.csproj": "",
  "several/ssh/.git/config": "  url = git@github.com:octo/cat.git  \n",
  "several/ssh/a.js": "",
  "several/other/.git/config": "url = https://github.com/octo/dog\n",
  "several/other/a.js": "",
  "several/ours/nested/.git/config": "url = https://github.com/octo/dog\n",
  "several/ours/nested/a.js": "",
  "own/.git/config": "[core]\n",
  "own/a.js": "",
  "outside.js": "",
};

beforeAll(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), "repository ")));
  for (const [path, text] of Object.entries(FILES)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

const find = (workspace: string, file: string, fromPath?: string) =>
  fileInRepository(file, fromPath, {
    workspace: join(root, workspace),
    repository: "octo/cat",
    serverUrl: "https://github.com",
  });

describe("a file that a matcher found is named from the root of the workflow's repository", () => {
  test.each<[string, string, string, string | undefined, string]>([
    ["by a path in the workspace", "plain", "src/a.js", undefined, "src/a.js"],
    ["by a path with detours", "plain", "./src/../src/a.js", undefined, "src/a.js"],
    ["in a checkout beside others", "several", "ours/src/a.js", undefined, "src/a.js"],
    ["in one that was fetched over ssh", "several", "ssh/a.js", undefined, "a.js"],
    ["beside the file it comes from", "several", "a.js", "ours/src/a.csproj", "src/a.js"],
    ["in a workspace that is a repository of whatever name", "own", "a.js", undefined, "a.js"],
  ])("%s", (_, workspace, file, fromPath, path) => {
    expect(find(workspace, file, fromPath)).toEqual({ path });
  });

  test("by an absolute path, which needs no file it comes from", () => {
    expect(find("plain", join(root, "plain/src/a.js"), "/elsewhere/x")).toEqual({ path: "src/a.js" });
  });
});

describe("and not at all", () => {
  test.each<[string, string, string, string]>([
    ["where it does not exist", "plain", "no.js", "Path does not exist"],
    ["where it is a folder", "plain", "src", "Path does not exist"],
    ["in another repository", "several", "other/a.js", "Path is not under the workflow repo."],
    [
      "in another repository inside the workflow's",
      "several",
      "ours/nested/a.js",
      "Path is not under the workflow repo.",
    ],
    ["outside the workspace", "plain", "../outside.js", "Path is not under the workflow repo."],
  ])("%s", (_, workspace, file, reason) => {
    expect(find(workspace, file)).toEqual({ reason: expect.stringContaining(reason) });
  });
});
