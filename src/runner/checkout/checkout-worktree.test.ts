import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { describe, expect, it } from "vitest";
import { commitFiles, GIT_ENV, git, makeRepository, writeFiles } from "../git/repository.fixture.ts";
import { runCheckout } from "./checkout.ts";
import { failure, filesIn, useCheckoutTrial } from "./checkout-trial.fixture.ts";

const trial = useCheckoutTrial();

describe("checking out a work tree as it is", () => {
  it("brings tracked and untracked files, changes included, and leaves ignored and deleted ones out", async () => {
    makeRepository(trial.source, {
      "a.txt": "a",
      "gone.txt": "x",
      "sub/b.txt": "b",
      ".gitignore": "*.log\nout/\n",
      ".hidden": "h",
    });
    writeFiles(trial.source, {
      "a.txt": "changed",
      "new/file.txt": "n",
      "x.log": "l",
      "out/built": "o",
      "staged.txt": "s",
    });
    git(trial.source, "add", "staged.txt");
    rmSync(`${trial.source}/gone.txt`);
    const { outputs } = await trial.checkout();
    expect(filesIn(trial.workspace)).toEqual([
      ".gitignore",
      ".hidden",
      "a.txt",
      "new/file.txt",
      "staged.txt",
      "sub/b.txt",
    ]);
    expect(trial.read("a.txt")).toBe("changed");
    expect(outputs).toEqual({ ref: "refs/heads/main", commit: git(trial.source, "rev-parse", "HEAD") });
    expect(git(trial.workspace, "status", "--short")).toBe(git(trial.source, "status", "--short"));
  });

  it("brings a repository that knows its branch, its origin and its commit, and is whole", async () => {
    makeRepository(trial.source, { a: "1" });
    git(trial.source, "remote", "add", "origin", "https://github.test/me/project.git");
    await trial.checkout();
    expect(git(trial.workspace, "branch", "--show-current")).toBe("main");
    expect(git(trial.workspace, "rev-parse", "HEAD", "@{upstream}")).toBe(
      git(trial.source, "rev-parse", "HEAD", "HEAD"),
    );
    expect(git(trial.workspace, "remote", "get-url", "origin")).toBe("https://github.test/me/project.git");
    expect(git(trial.workspace, "log", "--format=%s")).toBe("first");
    expect(git(trial.workspace, "describe", "--always")).toBe(git(trial.source, "describe", "--always"));
    git(trial.workspace, "fsck", "--strict");
    commitFiles(trial.workspace, "made in the workspace", { b: "2" });
    expect(git(trial.source, "log", "--all", "--format=%s")).toBe("first");
  });

  it("names the repository's address on its server where the source has no origin", async () => {
    makeRepository(trial.source, { a: "1" });
    await trial.checkout();
    expect(git(trial.workspace, "remote", "get-url", "origin")).toBe("https://github.test/me/project");
  });

  it.each([
    ["spaces", "a b/c d.txt"],
    ["quotes", `it's "quoted".txt`],
    ["newlines", "line\nbreak\n/x\ny"],
    ["other letters", "目录/ünïcödé 😀.txt"],
    ["a leading dash and globs", "-rf *?[x].txt"],
    ["a backslash and a tab", "a\\b\tc"],
  ])("keeps names with %s", async (_, name) => {
    makeRepository(trial.source, { [name]: "1" });
    writeFiles(trial.source, { [`untracked ${name}`.replace("untracked -", "u-")]: "2" });
    await trial.checkout();
    expect(filesIn(trial.workspace)).toEqual(filesIn(trial.source));
    expect(git(trial.workspace, "status", "--short")).toBe(git(trial.source, "status", "--short"));
  });

  it("keeps names that are not UTF-8", async () => {
    makeRepository(trial.source, { a: "1" });
    const name = Buffer.concat([Buffer.from(`${trial.source}/`), Buffer.from([0xff, 0xfe, 0x2e])]);
    writeFileSync(name, "odd");
    await trial.checkout();
    const names = readdirSync(trial.workspace, { encoding: "buffer" }).map((entry) =>
      entry.toString("latin1"),
    );
    expect(names).toContain("\xff\xfe.");
  });

  it("keeps executable bits, empty files, large files and links, which are not followed", async () => {
    const large = Buffer.alloc(300 * 1024, "L");
    makeRepository(trial.source, {
      "run.sh": ["#!/bin/sh\n", 0o755],
      empty: "",
      exact: "x".repeat(128 * 1024),
    });
    writeFileSync(`${trial.source}/large`, large);
    writeFiles(trial.folder.path, { "outside/secret": "s" });
    symlinkSync("run.sh", `${trial.source}/link`);
    symlinkSync("nowhere", `${trial.source}/broken`);
    symlinkSync("../outside", `${trial.source}/away`);
    symlinkSync(".", `${trial.source}/loop`);
    await trial.checkout();
    expect(statSync(`${trial.workspace}/run.sh`).mode & 0o777).toBe(0o755 & ~process.umask());
    expect(statSync(`${trial.workspace}/empty`).size).toBe(0);
    expect(statSync(`${trial.workspace}/exact`).size).toBe(128 * 1024);
    expect(readFileSync(`${trial.workspace}/large`).equals(large)).toBe(true);
    const links = ["link", "broken", "away", "loop"].map((name) =>
      readlinkSync(`${trial.workspace}/${name}`),
    );
    expect(links).toEqual(["run.sh", "nowhere", "../outside", "."]);
    expect(lstatSync(`${trial.workspace}/away`).isSymbolicLink()).toBe(true);
  });

  it("does not take a tracked file through a folder that has become a link", async () => {
    makeRepository(trial.source, { "dir/a": "1" });
    writeFiles(trial.folder.path, { "outside/a": "not ours" });
    rmSync(`${trial.source}/dir`, { recursive: true });
    symlinkSync("../outside", `${trial.source}/dir`);
    await trial.checkout();
    expect(readlinkSync(`${trial.workspace}/dir`)).toBe("../outside");
    expect(readFileSync(trial.folder.join("outside/a"), "utf8")).toBe("not ours");
  });

  it("takes a file that became a folder, and a folder that became a file", async () => {
    makeRepository(trial.source, { x: "file", "y/z": "in folder" });
    rmSync(`${trial.source}/x`);
    rmSync(`${trial.source}/y`, { recursive: true });
    writeFiles(trial.source, { "x/inside": "1", y: "2" });
    await trial.checkout();
    expect(filesIn(trial.workspace)).toEqual(["x/inside", "y"]);
  });

  it("changes nothing in the source, not even its index", async () => {
    makeRepository(trial.source, { a: "1" });
    // Now the index does not match what the file system says, and a careless look would refresh it.
    utimesSync(`${trial.source}/a`, 1, 1);
    const snapshot = () =>
      readdirSync(`${trial.source}/.git`, { recursive: true, withFileTypes: true })
        .map(
          (entry) =>
            `${entry.parentPath}/${entry.name} ${statSync(`${entry.parentPath}/${entry.name}`).mtimeMs}`,
        )
        .sort();
    const before = snapshot();
    await trial.checkout({ "fetch-depth": "0" });
    git(trial.workspace, "status");
    expect(snapshot()).toEqual(before);
  });

  it("can be done by many at once", async () => {
    makeRepository(trial.source, { a: "1", "b/c": "2" });
    const places = ["1", "2", "3", "4"].map((name) => trial.folder.join("w", name));
    await Promise.all(places.map((place) => runCheckout({}, trial.context({ workspace: place }))));
    for (const place of places) expect(git(place, "status", "--short")).toBe("");
  });

  it("works from a linked work tree, whose .git is a file", async () => {
    makeRepository(trial.source, { a: "1" });
    const linked = trial.folder.join("linked");
    git(trial.source, "worktree", "add", "--quiet", "-b", "side", linked);
    writeFiles(linked, { a: "changed there", staged: "s" });
    git(linked, "add", "staged");
    trial.source = linked;
    await trial.checkout();
    expect(trial.read("a")).toBe("changed there");
    expect(git(trial.workspace, "branch", "--show-current")).toBe("side");
    expect(git(trial.workspace, "status", "--short")).toBe(git(linked, "status", "--short"));
  });

  it("works from a detached HEAD, a shallow clone and a split index", async () => {
    const origin = makeRepository(trial.folder.join("origin"), { a: "1" });
    commitFiles(origin, "second", { a: "2" });
    git(trial.folder.path, "clone", "--quiet", "--depth=1", `file://${origin}`, trial.source);
    git(trial.source, "checkout", "--quiet", "--detach");
    git(trial.source, "update-index", "--split-index");
    writeFiles(trial.source, { b: "new" });
    git(trial.source, "add", "b");
    await trial.checkout({ "fetch-depth": "0" }, { github: {} });
    expect(git(trial.workspace, "rev-parse", "--abbrev-ref", "HEAD")).toBe("HEAD");
    expect(git(trial.workspace, "log", "--format=%s")).toBe("second");
    expect(git(trial.workspace, "status", "--short")).toBe("A  b");
  });

  it("works before the first commit", async () => {
    mkdirSync(trial.source);
    git(trial.source, "init", "--quiet", "--initial-branch=trunk");
    writeFiles(trial.source, { a: "1", b: "2" });
    git(trial.source, "add", "a");
    const { outputs } = await trial.checkout();
    expect(outputs).toEqual({ ref: "refs/heads/main", commit: "" });
    expect(git(trial.workspace, "status", "--short")).toBe("A  a\n?? b");
    expect(git(trial.workspace, "branch", "--show-current")).toBe("trunk");
  });

  it("works with SHA-256 repositories", async () => {
    mkdirSync(trial.source);
    git(trial.source, "init", "--quiet", "--object-format=sha256", "--initial-branch=main");
    commitFiles(trial.source, "first", { a: "1" });
    const { outputs } = await trial.checkout();
    expect(outputs.commit).toHaveLength(64);
    expect(git(trial.workspace, "log", "--format=%s")).toBe("first");
  });

  it("is deaf to a git that runs around it", async () => {
    makeRepository(trial.source, { a: "1" });
    const other = makeRepository(trial.folder.join("other"), { wrong: "1" });
    const env = {
      ...GIT_ENV,
      GIT_DIR: `${other}/.git`,
      GIT_WORK_TREE: other,
      GIT_INDEX_FILE: `${other}/.git/index`,
    };
    await trial.checkout({}, { env });
    expect(filesIn(trial.workspace)).toEqual(["a"]);
  });

  it("leaves a workspace inside the work tree out of itself", async () => {
    makeRepository(trial.source, { a: "1" });
    trial.workspace = `${trial.source}/.slipway/w`;
    writeFiles(trial.workspace, { old: "x" });
    await trial.checkout();
    expect(filesIn(trial.workspace)).toEqual(["a"]);
  });

  it("takes only a project's own folder where it is a part of a larger repository, without .git", async () => {
    makeRepository(trial.source, {
      "top.txt": "1",
      "apps/a/kept": "2",
      "apps/a/.gitignore": "junk\n",
      "apps/b/other": "3",
    });
    writeFiles(trial.source, { "apps/a/new": "4", "apps/a/junk": "5" });
    const project = {
      builtin: true,
      repository: "me/project",
      serverUrl: "https://github.test",
      source: { kind: "worktree" as const, path: trial.folder.join("source/apps/a") },
      bound: false,
    };
    await trial.checkout({}, { source: project });
    expect(filesIn(trial.workspace)).toEqual([".gitignore", "kept", "new"]);
    expect(existsSync(`${trial.workspace}/.git`)).toBe(false);
    expect((await failure(trial.checkout({ ref: "v9" }, { source: project }))).message).toContain("not 'v9'");
  });

  it("brings the files of an untracked repository inside, without its .git", async () => {
    makeRepository(trial.source, { a: "1" });
    makeRepository(`${trial.source}/inner`, { b: "2" });
    await trial.checkout();
    expect(filesIn(trial.workspace)).toEqual(["a", "inner/b"]);
    expect(existsSync(`${trial.workspace}/inner/.git`)).toBe(false);
  });

  it("takes the files as they are of a folder that is in no repository, and says so", async () => {
    writeFiles(trial.source, { a: "1", "sub/b": "2", ".gitignore": "*.log", "x.log": "" });
    const { outputs } = await trial.checkout();
    expect(filesIn(trial.workspace)).toEqual([".gitignore", "a", "sub/b"]);
    expect(existsSync(`${trial.workspace}/.git`)).toBe(false);
    expect(trial.warnings).toEqual([expect.stringMatching(/is not a git repository/)]);
    expect(outputs).toEqual({ ref: "", commit: "" });
    expect((await failure(trial.checkout({ ref: "main" }))).message).toMatch(/it has no ref 'main'/);
  });

  it("clones from a bare repository", async () => {
    const origin = makeRepository(trial.folder.join("origin"), { a: "1" });
    git(trial.folder.path, "clone", "--quiet", "--bare", origin, trial.source);
    const { outputs } = await trial.checkout();
    expect(outputs.commit).toBe(git(origin, "rev-parse", "HEAD"));
    expect(filesIn(trial.workspace)).toEqual(["a"]);
  });
});

describe("inputs", () => {
  it("that checkout does not know are warned about in GitHub's words", async () => {
    makeRepository(trial.source, { a: "1" });
    await trial.checkout({ nonsense: "1", Path: "x" });
    expect(trial.warnings).toEqual([
      expect.stringMatching(
        /^Unexpected input\(s\) 'nonsense', valid inputs are \['repository', 'ref', 'token'/,
      ),
    ]);
    expect(existsSync(`${trial.workspace}/x/a`)).toBe(true);
  });

  it.each([["project"], ["a/b/c"], ["/x"]])("repository '%s' is refused", async (repository) => {
    const error = await failure(trial.checkout({ repository }));
    expect(error.message).toBe(`Invalid repository '${repository}'. Expected format {owner}/{repo}.`);
  });
});

describe("when it cannot be done", () => {
  it("a cancel ends it as cancelled", async () => {
    makeRepository(trial.source, { a: "1" });
    expect((await failure(trial.checkout({}, { signal: AbortSignal.abort() }))).code).toBe("Cancelled");
  });

  it("says so where there is no git", async () => {
    makeRepository(trial.source, { a: "1" });
    expect((await failure(trial.checkout({}, { env: { PATH: "/nonexistent" } }))).message).toMatch(
      /git could not be started/,
    );
  });

  it("says so where the source is not there", async () => {
    expect((await failure(trial.checkout())).message).toMatch(/'.*source' does not exist/);
  });
});
