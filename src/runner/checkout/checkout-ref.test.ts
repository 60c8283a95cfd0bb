import { rmSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { JsonObject } from "../../json.ts";
import { commitFiles, git, makeRepository, writeFiles } from "../git/repository.fixture.ts";
import { failure, filesIn, useCheckoutTrial } from "./checkout-trial.fixture.ts";

const trial = useCheckoutTrial();

describe("history", () => {
  /** main: 1 - 2 - 4(merge of 3) - 5; tag v1 at 2, annotated. */
  function history(): void {
    makeRepository(trial.source, { a: "1" });
    commitFiles(trial.source, "2", { a: "2" });
    git(trial.source, "tag", "-a", "v1", "-m", "v1");
    git(trial.source, "checkout", "--quiet", "-b", "side");
    commitFiles(trial.source, "3", { b: "3" });
    git(trial.source, "checkout", "--quiet", "main");
    git(trial.source, "merge", "--quiet", "--no-ff", "-m", "4", "side");
    commitFiles(trial.source, "5", { a: "5" });
  }

  const subjects = () => git(trial.workspace, "log", "--format=%s").split("\n").sort().join(" ");

  it.each([
    ["1", "5", "true"],
    ["2", "4 5", "true"],
    ["3", "2 3 4 5", "true"],
    ["99", "2 3 4 5 first", "false"],
    ["0", "2 3 4 5 first", "false"],
    ["-1", "2 3 4 5 first", "false"],
    ["nonsense", "2 3 4 5 first", "false"],
  ])("with fetch-depth %s is %s", async (depth, expected, shallow) => {
    history();
    await trial.checkout({ "fetch-depth": depth });
    expect(subjects()).toBe(expected);
    expect(git(trial.workspace, "rev-parse", "--is-shallow-repository")).toBe(shallow);
    // The same as git's own shallow clone.
    if (shallow === "true") {
      git(trial.folder.path, "clone", "--quiet", `--depth=${depth}`, `file://${trial.source}`, "clone");
      expect(subjects()).toBe(
        git(trial.folder.join("clone"), "log", "--format=%s").split("\n").sort().join(" "),
      );
    }
  });

  it("has one branch and no tags, unless all history or tags are asked for", async () => {
    history();
    const refs = () => git(trial.workspace, "for-each-ref", "--format=%(refname)").split("\n");
    await trial.checkout();
    expect(refs()).toEqual(["refs/heads/main", "refs/remotes/origin/main"]);
    await trial.checkout({ "fetch-tags": "true" });
    expect(refs()).toEqual(["refs/heads/main", "refs/remotes/origin/main", "refs/tags/v1"]);
    await trial.checkout({ "fetch-depth": "0" });
    expect(refs()).toEqual([
      "refs/heads/main",
      "refs/remotes/origin/main",
      "refs/remotes/origin/side",
      "refs/tags/v1",
    ]);
    expect(git(trial.workspace, "describe")).toBe(git(trial.source, "describe"));
  });
});

describe("checking out a ref", () => {
  function twoCommits(): { first: string; second: string } {
    makeRepository(trial.source, { a: "1", "gone.txt": "x" });
    const first = git(trial.source, "rev-parse", "HEAD");
    git(trial.source, "tag", "-a", "v1", "-m", "annotated");
    git(trial.source, "branch", "old");
    rmSync(`${trial.source}/gone.txt`);
    const second = commitFiles(trial.source, "second", { a: "2" });
    writeFiles(trial.source, { a: "uncommitted", untracked: "u" });
    return { first, second };
  }

  it.each([
    ["a branch", "old", "old", "old"],
    ["a full branch", "refs/heads/old", "old", "refs/heads/old"],
    ["a tag", "v1", "HEAD", "v1"],
    ["a full tag", "refs/tags/v1", "HEAD", "refs/tags/v1"],
  ])("other than the current by %s gives that commit's tree, clean", async (_, ref, head, output) => {
    const { first } = twoCommits();
    const { outputs } = await trial.checkout({ ref });
    expect(outputs).toEqual({ ref: output, commit: first });
    expect(filesIn(trial.workspace)).toEqual(["a", "gone.txt"]);
    expect(trial.read("a")).toBe("1");
    expect(git(trial.workspace, "status", "--short")).toBe("");
    expect(git(trial.workspace, "rev-parse", "--abbrev-ref", "HEAD")).toBe(head);
  });

  it("by a commit id is detached, and the ref output is empty, as on GitHub", async () => {
    const { first } = twoCommits();
    const { outputs } = await trial.checkout({ ref: first });
    expect(outputs).toEqual({ ref: "", commit: first });
    expect(git(trial.workspace, "rev-parse", "--abbrev-ref", "HEAD")).toBe("HEAD");
  });

  it("can describe itself by the tag it was asked for", async () => {
    twoCommits();
    await trial.checkout({ ref: "v1" });
    expect(git(trial.workspace, "describe")).toBe("v1");
  });

  it.each([["main"], ["refs/heads/main"], ["HEAD's id"]])(
    "that is the current one (%s) keeps the changes",
    async (ref) => {
      const { second } = twoCommits();
      await trial.checkout({ ref: ref === "HEAD's id" ? second : ref });
      expect(trial.read("a")).toBe("uncommitted");
      expect(filesIn(trial.workspace)).toEqual(["a", "untracked"]);
    },
  );

  it("that only the event knows stands for the work tree", async () => {
    twoCommits();
    const github: JsonObject = { ref: "refs/pull/7/merge", sha: "0".repeat(40), head_ref: "feature" };
    expect((await trial.checkout({ ref: "refs/pull/7/merge" }, { github })).outputs.ref).toBe(
      "refs/pull/7/merge",
    );
    expect((await trial.checkout({ ref: "feature" }, { github })).outputs.ref).toBe("feature");
  });

  it("that origin has is found there", async () => {
    const origin = makeRepository(trial.folder.join("origin"), { a: "1" });
    git(origin, "checkout", "--quiet", "-b", "theirs");
    const tip = commitFiles(origin, "theirs", { b: "2" });
    git(origin, "checkout", "--quiet", "main");
    git(trial.folder.path, "clone", "--quiet", origin, trial.source);
    expect((await trial.checkout({ ref: "theirs" })).outputs.commit).toBe(tip);
    expect(git(trial.workspace, "branch", "--show-current")).toBe("theirs");
  });

  it.each([
    ["nope", /A branch or tag with the name 'nope' could not be found in .*Near ones:/],
    ["olt", /Near ones: old/],
    ["0".repeat(40), /The commit '0+' could not be found/],
    ["--upload-pack=x", /could not be found/],
  ])("that does not exist (%s) says so", async (ref, message) => {
    twoCommits();
    const error = await failure(trial.checkout({ ref }));
    expect([error.code, error.message]).toEqual(["NotFound", expect.stringMatching(message)]);
  });

  it("of a tag that the event names is on that tag", async () => {
    makeRepository(trial.source, { a: "1" });
    git(trial.source, "tag", "v9");
    await trial.checkout({}, { github: { ref: "refs/tags/v9" } });
    expect(git(trial.workspace, "describe", "--tags", "--exact-match")).toBe("v9");
    expect(git(trial.workspace, "rev-parse", "--abbrev-ref", "HEAD")).toBe("HEAD");
  });
});
