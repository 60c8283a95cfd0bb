import { execFileSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { candidateRefs, isCommitId, isFullCommitId, isRefName } from "./ref-name.ts";

const NAMES = [
  ..."main feature/x v1.0 refs/heads/main a.b @ a@b über/größe -x a/-x .x a/.b a..b a~1 a^ a:b a?b a*b a[b".split(
    " ",
  ),
  ..."a\\b a.lock a.lock/b a/ /a a//b a. a@{1} HEAD".split(" "),
  "a b",
  "a\nb",
  "",
];

describe("isRefName", () => {
  it.each(NAMES)("agrees with git about %j", (name) => {
    let git = true;
    try {
      execFileSync("git", ["check-ref-format", `refs/heads/${name}`], { stdio: "ignore" });
    } catch {
      git = false;
    }
    // Besides: what git commands take for an option, or for HEAD, is no name here.
    expect(isRefName(name)).toBe(git && !name.startsWith("-") && name !== "@");
  });

  it("refuses names without an end", () => {
    expect(isRefName("a".repeat(1_001))).toBe(false);
  });
});

it("commit ids have 4 to 64 hexadecimal digits, whole ones 40 or 64", () => {
  expect(["abc", "abcd", "ABCD", "a".repeat(40), "a".repeat(65), "wxyz"].map(isCommitId)).toEqual([
    false,
    true,
    true,
    true,
    false,
    false,
  ]);
  expect(["a".repeat(39), "a".repeat(40), "a".repeat(64)].map(isFullCommitId)).toEqual([false, true, true]);
});

it("a name may be a branch, then a tag; a full ref is only itself", () => {
  expect(candidateRefs("v1")).toEqual(["refs/heads/v1", "refs/tags/v1", "refs/v1"]);
  expect(candidateRefs("refs/tags/v1")).toEqual(["refs/tags/v1"]);
});
