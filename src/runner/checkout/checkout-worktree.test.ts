import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ExecError } from "../../errors.ts";
import type { JsonObject } from "../../json.ts";
import {
  commitFiles,
  GIT_ENV,
  git,
  makeRepository,
  TestFolder,
  writeFiles,
} from "../git/repository.fixture.ts";
import { type CheckoutContext, type CheckoutResult, cleanUpCheckout, runCheckout } from "./checkout.ts";

let folder: TestFolder;
let source = "";
let workspace = "";
let log: string[] = [];
let warnings: string[] = [];
let masked: string[] = [];

beforeEach(() => {
  folder = new TestFolder();
  source = folder.join("source");
  workspace = folder.join("workspace");
  [log, warnings, masked] = [[], [], []];
});
afterEach(() => folder.remove());

function context(more: Partial<CheckoutContext> = {}, bound = false): CheckoutContext {
  return {
    source: {
      builtin: true,
      repository: "me/project",
      serverUrl: "https://github.test",
      source: { kind: "worktree", path: source },
      bound,
    },
    workspace,
    temp: folder.join("temp"),
    github: { ref: "refs/heads/main" },
    env: GIT_ENV,
    signal: new AbortController().signal,
    log: (line) => log.push(line),
    warn: (message) => warnings.push(message),
    mask: (value) => masked.push(value),
    ...more,
  };
}

const checkout = (
  inputs: Record<string, string> = {},
  more: Partial<CheckoutContext> = {},
): Promise<CheckoutResult> => runCheckout(inputs, context(more));

async function failure(promise: Promise<unknown>): Promise<ExecError> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof ExecError) return error;
  throw new Error(`expected an ExecError, got ${String(error)}`);
}

/** Every file below, relative, without git's own. */
function filesIn(directory: string): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => `${entry.parentPath}/${entry.name}`.slice(directory.length + 1))
    .filter((path) => !path.split("/").includes(".git"))
    .sort();
}

const read = (path: string) => readFileSync(`${workspace}/${path}`, "utf8");

describe("checking out a work tree as it is", () => {
  it("brings tracked and untracked files, changes included, and leaves ignored and deleted ones out", async () => {
    makeRepository(source, {
      "a.txt": "a",
      "gone.txt": "x",
      "sub/b.txt": "b",
      ".gitignore": "*.log\nout/\n",
      ".hidden": "h",
    });
    writeFiles(source, {
      "a.txt": "changed",
      "new/file.txt": "n",
      "x.log": "l",
      "out/built": "o",
      "staged.txt": "s",
    });
    git(source, "add", "staged.txt");
    rmSync(`${source}/gone.txt`);
    const { outputs } = await checkout();
    expect(filesIn(workspace)).toEqual([
      ".gitignore",
      ".hidden",
      "a.txt",
      "new/file.txt",
      "staged.txt",
      "sub/b.txt",
    ]);
    expect(read("a.txt")).toBe("changed");
    expect(outputs).toEqual({ ref: "refs/heads/main", commit: git(source, "rev-parse", "HEAD") });
    expect(git(workspace, "status", "--short")).toBe(git(source, "status", "--short"));
  });

  it("brings a repository that knows its branch, its origin and its commit, and is whole", async () => {
    makeRepository(source, { a: "1" });
    git(source, "remote", "add", "origin", "https://github.test/me/project.git");
    await checkout();
    expect(git(workspace, "branch", "--show-current")).toBe("main");
    expect(git(workspace, "rev-parse", "HEAD", "@{upstream}")).toBe(git(source, "rev-parse", "HEAD", "HEAD"));
    expect(git(workspace, "remote", "get-url", "origin")).toBe("https://github.test/me/project.git");
    expect(git(workspace, "log", "--format=%s")).toBe("first");
    expect(git(workspace, "describe", "--always")).toBe(git(source, "describe", "--always"));
    git(workspace, "fsck", "--strict");
    commitFiles(workspace, "made in the workspace", { b: "2" });
    expect(git(source, "log", "--all", "--format=%s")).toBe("first");
  });

  it("names the repository's address on its server where the source has no origin", async () => {
    makeRepository(source, { a: "1" });
    await checkout();
    expect(git(workspace, "remote", "get-url", "origin")).toBe("https://github.test/me/project");
  });

  it.each([
    ["spaces", "a b/c d.txt"],
    ["quotes", `it's "quoted".txt`],
    ["newlines", "line\nbreak\n/x\ny"],
    ["other letters", "目录/ünïcödé 😀.txt"],
    ["a leading dash and globs", "-rf *?[x].txt"],
    ["a backslash and a tab", "a\\b\tc"],
  ])("keeps names with %s", async (_, name) => {
    makeRepository(source, { [name]: "1" });
    writeFiles(source, { [`untracked ${name}`.replace("untracked -", "u-")]: "2" });
    await checkout();
    expect(filesIn(workspace)).toEqual(filesIn(source));
    expect(git(workspace, "status", "--short")).toBe(git(source, "status", "--short"));
  });

  it("keeps names that are not UTF-8", async () => {
    makeRepository(source, { a: "1" });
    const name = Buffer.concat([Buffer.from(`${source}/`), Buffer.from([0xff, 0xfe, 0x2e])]);
    writeFileSync(name, "odd");
    await checkout();
    const names = readdirSync(workspace, { encoding: "buffer" }).map((entry) => entry.toString("latin1"));
    expect(names).toContain("\xff\xfe.");
  });

  it("keeps executable bits, empty files, large files and links, which are not followed", async () => {
    const large = Buffer.alloc(300 * 1024, "L");
    makeRepository(source, { "run.sh": ["#!/bin/sh\n", 0o755], empty: "", exact: "x".repeat(128 * 1024) });
    writeFileSync(`${source}/large`, large);
    writeFiles(folder.path, { "outside/secret": "s" });
    symlinkSync("run.sh", `${source}/link`);
    symlinkSync("nowhere", `${source}/broken`);
    symlinkSync("../outside", `${source}/away`);
    symlinkSync(".", `${source}/loop`);
    await checkout();
    expect(statSync(`${workspace}/run.sh`).mode & 0o777).toBe(0o755 & ~process.umask());
    expect(statSync(`${workspace}/empty`).size).toBe(0);
    expect(statSync(`${workspace}/exact`).size).toBe(128 * 1024);
    expect(readFileSync(`${workspace}/large`).equals(large)).toBe(true);
    const links = ["link", "broken", "away", "loop"].map((name) => readlinkSync(`${workspace}/${name}`));
    expect(links).toEqual(["run.sh", "nowhere", "../outside", "."]);
    expect(lstatSync(`${workspace}/away`).isSymbolicLink()).toBe(true);
  });

  it("does not take a tracked file through a folder that has become a link", async () => {
    makeRepository(source, { "dir/a": "1" });
    writeFiles(folder.path, { "outside/a": "not ours" });
    rmSync(`${source}/dir`, { recursive: true });
    symlinkSync("../outside", `${source}/dir`);
    await checkout();
    expect(readlinkSync(`${workspace}/dir`)).toBe("../outside");
    expect(readFileSync(folder.join("outside/a"), "utf8")).toBe("not ours");
  });

  it("takes a file that became a folder, and a folder that became a file", async () => {
    makeRepository(source, { x: "file", "y/z": "in folder" });
    rmSync(`${source}/x`);
    rmSync(`${source}/y`, { recursive: true });
    writeFiles(source, { "x/inside": "1", y: "2" });
    await checkout();
    expect(filesIn(workspace)).toEqual(["x/inside", "y"]);
  });

  it("changes nothing in the source, not even its index", async () => {
    makeRepository(source, { a: "1" });
    // Now the index does not match what the file system says, and a careless look would refresh it.
    utimesSync(`${source}/a`, 1, 1);
    const snapshot = () =>
      readdirSync(`${source}/.git`, { recursive: true, withFileTypes: true })
        .map(
          (entry) =>
            `${entry.parentPath}/${entry.name} ${statSync(`${entry.parentPath}/${entry.name}`).mtimeMs}`,
        )
        .sort();
    const before = snapshot();
    await checkout({ "fetch-depth": "0" });
    git(workspace, "status");
    expect(snapshot()).toEqual(before);
  });

  it("can be done by many at once", async () => {
    makeRepository(source, { a: "1", "b/c": "2" });
    const places = ["1", "2", "3", "4"].map((name) => folder.join("w", name));
    await Promise.all(places.map((place) => runCheckout({}, context({ workspace: place }))));
    for (const place of places) expect(git(place, "status", "--short")).toBe("");
  });

  it("works from a linked work tree, whose .git is a file", async () => {
    makeRepository(source, { a: "1" });
    const linked = folder.join("linked");
    git(source, "worktree", "add", "--quiet", "-b", "side", linked);
    writeFiles(linked, { a: "changed there", staged: "s" });
    git(linked, "add", "staged");
    source = linked;
    await checkout();
    expect(read("a")).toBe("changed there");
    expect(git(workspace, "branch", "--show-current")).toBe("side");
    expect(git(workspace, "status", "--short")).toBe(git(linked, "status", "--short"));
  });

  it("works from a detached HEAD, a shallow clone and a split index", async () => {
    const origin = makeRepository(folder.join("origin"), { a: "1" });
    commitFiles(origin, "second", { a: "2" });
    git(folder.path, "clone", "--quiet", "--depth=1", `file://${origin}`, source);
    git(source, "checkout", "--quiet", "--detach");
    git(source, "update-index", "--split-index");
    writeFiles(source, { b: "new" });
    git(source, "add", "b");
    await checkout({ "fetch-depth": "0" }, { github: {} });
    expect(git(workspace, "rev-parse", "--abbrev-ref", "HEAD")).toBe("HEAD");
    expect(git(workspace, "log", "--format=%s")).toBe("second");
    expect(git(workspace, "status", "--short")).toBe("A  b");
  });

  it("works before the first commit", async () => {
    mkdirSync(source);
    git(source, "init", "--quiet", "--initial-branch=trunk");
    writeFiles(source, { a: "1", b: "2" });
    git(source, "add", "a");
    const { outputs } = await checkout();
    expect(outputs).toEqual({ ref: "refs/heads/main", commit: "" });
    expect(git(workspace, "status", "--short")).toBe("A  a\n?? b");
    expect(git(workspace, "branch", "--show-current")).toBe("trunk");
  });

  it("works with SHA-256 repositories", async () => {
    mkdirSync(source);
    git(source, "init", "--quiet", "--object-format=sha256", "--initial-branch=main");
    commitFiles(source, "first", { a: "1" });
    const { outputs } = await checkout();
    expect(outputs.commit).toHaveLength(64);
    expect(git(workspace, "log", "--format=%s")).toBe("first");
  });

  it("is deaf to a git that runs around it", async () => {
    makeRepository(source, { a: "1" });
    const other = makeRepository(folder.join("other"), { wrong: "1" });
    const env = {
      ...GIT_ENV,
      GIT_DIR: `${other}/.git`,
      GIT_WORK_TREE: other,
      GIT_INDEX_FILE: `${other}/.git/index`,
    };
    await checkout({}, { env });
    expect(filesIn(workspace)).toEqual(["a"]);
  });

  it("leaves a workspace inside the work tree out of itself", async () => {
    makeRepository(source, { a: "1" });
    workspace = `${source}/.slipway/w`;
    writeFiles(workspace, { old: "x" });
    await checkout();
    expect(filesIn(workspace)).toEqual(["a"]);
  });

  it("takes only a project's own folder where it is a part of a larger repository, without .git", async () => {
    makeRepository(source, {
      "top.txt": "1",
      "apps/a/kept": "2",
      "apps/a/.gitignore": "junk\n",
      "apps/b/other": "3",
    });
    writeFiles(source, { "apps/a/new": "4", "apps/a/junk": "5" });
    const project = {
      builtin: true,
      repository: "me/project",
      serverUrl: "https://github.test",
      source: { kind: "worktree" as const, path: folder.join("source/apps/a") },
      bound: false,
    };
    await checkout({}, { source: project });
    expect(filesIn(workspace)).toEqual([".gitignore", "kept", "new"]);
    expect(existsSync(`${workspace}/.git`)).toBe(false);
    expect((await failure(checkout({ ref: "v9" }, { source: project }))).message).toContain("not 'v9'");
  });

  it("brings the files of an untracked repository inside, without its .git", async () => {
    makeRepository(source, { a: "1" });
    makeRepository(`${source}/inner`, { b: "2" });
    await checkout();
    expect(filesIn(workspace)).toEqual(["a", "inner/b"]);
    expect(existsSync(`${workspace}/inner/.git`)).toBe(false);
  });

  it("takes the files as they are of a folder that is in no repository, and says so", async () => {
    writeFiles(source, { a: "1", "sub/b": "2", ".gitignore": "*.log", "x.log": "" });
    const { outputs } = await checkout();
    expect(filesIn(workspace)).toEqual([".gitignore", "a", "sub/b"]);
    expect(existsSync(`${workspace}/.git`)).toBe(false);
    expect(warnings).toEqual([expect.stringMatching(/is not a git repository/)]);
    expect(outputs).toEqual({ ref: "", commit: "" });
    expect((await failure(checkout({ ref: "main" }))).message).toMatch(/it has no ref 'main'/);
  });

  it("clones from a bare repository", async () => {
    const origin = makeRepository(folder.join("origin"), { a: "1" });
    git(folder.path, "clone", "--quiet", "--bare", origin, source);
    const { outputs } = await checkout();
    expect(outputs.commit).toBe(git(origin, "rev-parse", "HEAD"));
    expect(filesIn(workspace)).toEqual(["a"]);
  });
});

describe("history", () => {
  /** main: 1 - 2 - 4(merge of 3) - 5; tag v1 at 2, annotated. */
  function history(): void {
    makeRepository(source, { a: "1" });
    commitFiles(source, "2", { a: "2" });
    git(source, "tag", "-a", "v1", "-m", "v1");
    git(source, "checkout", "--quiet", "-b", "side");
    commitFiles(source, "3", { b: "3" });
    git(source, "checkout", "--quiet", "main");
    git(source, "merge", "--quiet", "--no-ff", "-m", "4", "side");
    commitFiles(source, "5", { a: "5" });
  }

  const subjects = () => git(workspace, "log", "--format=%s").split("\n").sort().join(" ");

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
    await checkout({ "fetch-depth": depth });
    expect(subjects()).toBe(expected);
    expect(git(workspace, "rev-parse", "--is-shallow-repository")).toBe(shallow);
    // The same as git's own shallow clone.
    if (shallow === "true") {
      git(folder.path, "clone", "--quiet", `--depth=${depth}`, `file://${source}`, "clone");
      expect(subjects()).toBe(git(folder.join("clone"), "log", "--format=%s").split("\n").sort().join(" "));
    }
  });

  it("has one branch and no tags, unless all history or tags are asked for", async () => {
    history();
    const refs = () => git(workspace, "for-each-ref", "--format=%(refname)").split("\n");
    await checkout();
    expect(refs()).toEqual(["refs/heads/main", "refs/remotes/origin/main"]);
    await checkout({ "fetch-tags": "true" });
    expect(refs()).toEqual(["refs/heads/main", "refs/remotes/origin/main", "refs/tags/v1"]);
    await checkout({ "fetch-depth": "0" });
    expect(refs()).toEqual([
      "refs/heads/main",
      "refs/remotes/origin/main",
      "refs/remotes/origin/side",
      "refs/tags/v1",
    ]);
    expect(git(workspace, "describe")).toBe(git(source, "describe"));
  });
});

describe("checking out a ref", () => {
  function twoCommits(): { first: string; second: string } {
    makeRepository(source, { a: "1", "gone.txt": "x" });
    const first = git(source, "rev-parse", "HEAD");
    git(source, "tag", "-a", "v1", "-m", "annotated");
    git(source, "branch", "old");
    rmSync(`${source}/gone.txt`);
    const second = commitFiles(source, "second", { a: "2" });
    writeFiles(source, { a: "uncommitted", untracked: "u" });
    return { first, second };
  }

  it.each([
    ["a branch", "old", "old", "old"],
    ["a full branch", "refs/heads/old", "old", "refs/heads/old"],
    ["a tag", "v1", "HEAD", "v1"],
    ["a full tag", "refs/tags/v1", "HEAD", "refs/tags/v1"],
  ])("other than the current by %s gives that commit's tree, clean", async (_, ref, head, output) => {
    const { first } = twoCommits();
    const { outputs } = await checkout({ ref });
    expect(outputs).toEqual({ ref: output, commit: first });
    expect(filesIn(workspace)).toEqual(["a", "gone.txt"]);
    expect(read("a")).toBe("1");
    expect(git(workspace, "status", "--short")).toBe("");
    expect(git(workspace, "rev-parse", "--abbrev-ref", "HEAD")).toBe(head);
  });

  it("by a commit id is detached, and the ref output is empty, as on GitHub", async () => {
    const { first } = twoCommits();
    const { outputs } = await checkout({ ref: first });
    expect(outputs).toEqual({ ref: "", commit: first });
    expect(git(workspace, "rev-parse", "--abbrev-ref", "HEAD")).toBe("HEAD");
  });

  it("can describe itself by the tag it was asked for", async () => {
    twoCommits();
    await checkout({ ref: "v1" });
    expect(git(workspace, "describe")).toBe("v1");
  });

  it.each([["main"], ["refs/heads/main"], ["HEAD's id"]])(
    "that is the current one (%s) keeps the changes",
    async (ref) => {
      const { second } = twoCommits();
      await checkout({ ref: ref === "HEAD's id" ? second : ref });
      expect(read("a")).toBe("uncommitted");
      expect(filesIn(workspace)).toEqual(["a", "untracked"]);
    },
  );

  it("that only the event knows stands for the work tree", async () => {
    twoCommits();
    const github: JsonObject = { ref: "refs/pull/7/merge", sha: "0".repeat(40), head_ref: "feature" };
    expect((await checkout({ ref: "refs/pull/7/merge" }, { github })).outputs.ref).toBe("refs/pull/7/merge");
    expect((await checkout({ ref: "feature" }, { github })).outputs.ref).toBe("feature");
  });

  it("that origin has is found there", async () => {
    const origin = makeRepository(folder.join("origin"), { a: "1" });
    git(origin, "checkout", "--quiet", "-b", "theirs");
    const tip = commitFiles(origin, "theirs", { b: "2" });
    git(origin, "checkout", "--quiet", "main");
    git(folder.path, "clone", "--quiet", origin, source);
    expect((await checkout({ ref: "theirs" })).outputs.commit).toBe(tip);
    expect(git(workspace, "branch", "--show-current")).toBe("theirs");
  });

  it.each([
    ["nope", /A branch or tag with the name 'nope' could not be found in .*Near ones:/],
    ["olt", /Near ones: old/],
    ["0".repeat(40), /The commit '0+' could not be found/],
    ["--upload-pack=x", /could not be found/],
  ])("that does not exist (%s) says so", async (ref, message) => {
    twoCommits();
    const error = await failure(checkout({ ref }));
    expect([error.code, error.message]).toEqual(["NotFound", expect.stringMatching(message)]);
  });

  it("of a tag that the event names is on that tag", async () => {
    makeRepository(source, { a: "1" });
    git(source, "tag", "v9");
    await checkout({}, { github: { ref: "refs/tags/v9" } });
    expect(git(workspace, "describe", "--tags", "--exact-match")).toBe("v9");
    expect(git(workspace, "rev-parse", "--abbrev-ref", "HEAD")).toBe("HEAD");
  });
});

describe("the place of a checkout", () => {
  it("is below the workspace by `path`", async () => {
    makeRepository(source, { a: "1" });
    await checkout({ path: "deep/er" });
    expect(filesIn(workspace)).toEqual(["deep/er/a"]);
    expect(git(`${workspace}/deep/er`, "status", "--short")).toBe("");
  });

  it.each([["../out"], ["/etc"], ["a/../../out"]])("cannot be %s", async (path) => {
    makeRepository(source, { a: "1" });
    const error = await failure(checkout({ path }));
    expect([error.code, error.message]).toEqual([
      "InvalidSpec",
      expect.stringMatching(/Repository path '.*' is not under/),
    ]);
  });

  it("cannot lead out through a link", async () => {
    makeRepository(source, { a: "1" });
    writeFiles(folder.path, { "outside/keep": "1" });
    mkdirSync(workspace);
    symlinkSync(folder.join("outside"), `${workspace}/link`);
    expect((await failure(checkout({ path: "link/x" }))).message).toMatch(/leads out of .* through a link/);
    expect((await failure(checkout({ path: "link" }))).message).toMatch(/leads out/);
    expect(existsSync(folder.join("outside/keep"))).toBe(true);
  });

  it("is emptied first, and says so", async () => {
    makeRepository(source, { a: "1" });
    writeFiles(workspace, { "old/file": "x", ".dot": "y" });
    await checkout();
    expect(filesIn(workspace)).toEqual(["a"]);
    expect(log.join("\n")).toContain(`Deleting the contents of '${workspace}'`);
  });

  it("keeps untracked files of an earlier checkout of the same repository with `clean: false`", async () => {
    makeRepository(source, { a: "1", b: "1" });
    await checkout();
    writeFiles(workspace, { built: "keep", a: "spoiled" });
    renameSync(`${workspace}/b`, `${workspace}/moved`);
    await checkout({ clean: "false" });
    expect(filesIn(workspace)).toEqual(["a", "b", "built", "moved"]);
    expect(read("a")).toBe("1");
    await checkout({ clean: "true" });
    expect(filesIn(workspace)).toEqual(["a", "b"]);
  });

  it("is never the work tree itself, nor around it", async () => {
    makeRepository(source, { a: "1" });
    for (const place of [source, folder.path]) {
      workspace = place;
      expect((await failure(checkout())).message).toMatch(/Refusing to check out into/);
    }
    expect(filesIn(source)).toEqual(["a"]);
  });

  it("is left alone where the workspace is the work tree", async () => {
    makeRepository(source, { a: "1" });
    writeFiles(source, { a: "changed" });
    workspace = source;
    const { outputs } = await runCheckout({}, context({}, true));
    expect(outputs.commit).toBe(git(source, "rev-parse", "HEAD"));
    expect(readFileSync(`${source}/a`, "utf8")).toBe("changed");
    expect(log.join("\n")).toMatch(/bound to/);
    await runCheckout({ ref: "other" }, context({}, true));
    expect(warnings).toEqual([expect.stringMatching(/'other' is not checked out/)]);
  });
});

describe("submodules", () => {
  function withSubmodule(): string {
    const inner = makeRepository(folder.join("inner"), { "in.txt": "inner" });
    const middle = makeRepository(folder.join("middle"), { "mid.txt": "middle" });
    git(middle, "submodule", "--quiet", "add", `file://${inner}`, "deep");
    commitFiles(middle, "with inner");
    makeRepository(source, { a: "1" });
    git(source, "submodule", "--quiet", "add", `file://${middle}`, "libs/mid dle");
    commitFiles(source, "with middle");
    git(source, "submodule", "--quiet", "update", "--init", "--recursive");
    return inner;
  }

  it("are empty folders unless asked for", async () => {
    withSubmodule();
    await checkout();
    expect(filesIn(workspace)).toEqual([".gitmodules", "a"]);
    expect(readdirSync(`${workspace}/libs/mid dle`)).toEqual([]);
  });

  it.each([
    ["true", [".gitmodules", "a", "libs/mid dle/.gitmodules", "libs/mid dle/mid.txt"]],
    [
      "recursive",
      [".gitmodules", "a", "libs/mid dle/.gitmodules", "libs/mid dle/deep/in.txt", "libs/mid dle/mid.txt"],
    ],
  ])(
    "with `submodules: %s` come with their changes and a repository of their own",
    async (submodules, files) => {
      withSubmodule();
      writeFiles(source, { "libs/mid dle/mid.txt": "changed" });
      await checkout({ submodules });
      expect(filesIn(workspace)).toEqual(files);
      expect(read("libs/mid dle/mid.txt")).toBe("changed");
      expect(git(`${workspace}/libs/mid dle`, "status", "--short")).toBe(" M mid.txt");
      expect(git(`${workspace}/libs/mid dle`, "log", "-1", "--format=%s")).toBe("with inner");
      expect(git(workspace, "submodule", "status")).toContain("libs/mid dle");
    },
  );

  it("that were never fetched are fetched", async () => {
    withSubmodule();
    git(source, "submodule", "--quiet", "deinit", "--force", "--all");
    git(source, "remote", "add", "origin", `file://${folder.join("nowhere")}`);
    await checkout({ submodules: "recursive" });
    expect(filesIn(workspace)).toContain("libs/mid dle/deep/in.txt");
  });
});

describe("a sparse checkout", () => {
  function wide(): void {
    makeRepository(source, {
      root: "r",
      "a/1": "1",
      "a/deep/2": "2",
      "b/3": "3",
      "c/x.md": "4",
      "c/y.txt": "5",
    });
    writeFiles(source, { "a/untracked": "u", "b/untracked": "u", "b/3": "changed", "a/1": "changed" });
  }

  it("of folders holds them and the files above them", async () => {
    wide();
    await checkout({ "sparse-checkout": "a\n\n" });
    expect(filesIn(workspace)).toEqual(["a/1", "a/deep/2", "a/untracked", "root"]);
    expect(git(workspace, "status", "--short")).toBe(" M a/1\n?? a/untracked");
  });

  it("by patterns holds what matches", async () => {
    wide();
    await checkout({ "sparse-checkout": "*.md\n/b/", "sparse-checkout-cone-mode": "false" });
    expect(filesIn(workspace)).toEqual(["b/3", "b/untracked", "c/x.md"]);
    expect(read("b/3")).toBe("changed");
  });

  it("holds for another ref too", async () => {
    wide();
    git(source, "branch", "old");
    commitFiles(source, "next", { "a/new": "n" });
    await checkout({ ref: "old", "sparse-checkout": "a" });
    expect(filesIn(workspace)).toEqual(["a/1", "a/deep/2", "root"]);
    expect(git(workspace, "status", "--short")).toBe("");
  });

  it("that the source itself has is kept as it is", async () => {
    wide();
    git(source, "stash", "--quiet", "--include-untracked");
    git(source, "sparse-checkout", "set", "c");
    await checkout();
    expect(filesIn(workspace)).toEqual(["c/x.md", "c/y.txt", "root"]);
    expect(git(workspace, "status", "--short")).toBe("");
  });
});

describe("credentials", () => {
  const secrets = (): string => readFileSync(`${workspace}/.git/config`, "utf8");

  it("are kept for the steps that follow in a file outside the workspace, masked, and taken away at the end", async () => {
    makeRepository(source, { a: "1" });
    const { state } = await checkout({}, { github: { ref: "refs/heads/main", token: "ghs_secret" } });
    const credential = Buffer.from("x-access-token:ghs_secret").toString("base64");
    expect(masked).toEqual(["ghs_secret", credential]);
    expect(git(workspace, "config", "http.https://github.test/.extraheader")).toBe(
      `AUTHORIZATION: basic ${credential}`,
    );
    expect(secrets()).not.toContain(credential);
    if (state === undefined) throw new Error("no state");
    expect(statSync(state.include ?? "").mode & 0o077).toBe(0);
    await cleanUpCheckout(state, context());
    expect(existsSync(state.include ?? "")).toBe(false);
    expect(secrets()).not.toContain("git-credentials");
    expect(git(workspace, "status", "--short")).toBe("");
    rmSync(workspace, { recursive: true });
    await cleanUpCheckout(state, context());
  });

  it.each([
    ["there is no token", {}, { ref: "refs/heads/main" }],
    ["they are not to persist", { "persist-credentials": "false" }, { token: "t" }],
    ["the origin is another server than the workflow's", { path: "x" }, { token: "t" }],
  ])("are not kept where %s", async (_, inputs, github) => {
    makeRepository(source, { a: "1" });
    if ("path" in inputs) git(source, "remote", "add", "origin", "https://elsewhere.test/me/project");
    const { state } = await checkout(inputs, { github });
    expect(state).toBeUndefined();
    expect(existsSync(folder.join("temp"))).toBe(false);
  });

  it("in the origin's address are masked", async () => {
    makeRepository(source, { a: "1" });
    git(source, "remote", "add", "origin", "https://me:pass-word@github.test/me/project");
    await checkout();
    expect(masked).toContain("pass-word");
  });
});

describe("inputs", () => {
  it("that checkout does not know are warned about in GitHub's words", async () => {
    makeRepository(source, { a: "1" });
    await checkout({ nonsense: "1", Path: "x" });
    expect(warnings).toEqual([
      expect.stringMatching(
        /^Unexpected input\(s\) 'nonsense', valid inputs are \['repository', 'ref', 'token'/,
      ),
    ]);
    expect(existsSync(`${workspace}/x/a`)).toBe(true);
  });

  it.each([["project"], ["a/b/c"], ["/x"]])("repository '%s' is refused", async (repository) => {
    const error = await failure(checkout({ repository }));
    expect(error.message).toBe(`Invalid repository '${repository}'. Expected format {owner}/{repo}.`);
  });
});

describe("when it cannot be done", () => {
  it("a cancel ends it as cancelled", async () => {
    makeRepository(source, { a: "1" });
    expect((await failure(checkout({}, { signal: AbortSignal.abort() }))).code).toBe("Cancelled");
  });

  it("says so where there is no git", async () => {
    makeRepository(source, { a: "1" });
    expect((await failure(checkout({}, { env: { PATH: "/nonexistent" } }))).message).toMatch(
      /git could not be started/,
    );
  });

  it("says so where the source is not there", async () => {
    expect((await failure(checkout())).message).toMatch(/'.*source' does not exist/);
  });
});
