import { existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
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
let workspace = "";
let first = "";
let second = "";

beforeEach(() => {
  folder = new TestFolder();
  workspace = folder.join("workspace");
  const server = makeRepository(folder.join("server/me/project"), { a: "1", "dir/b": "b", "other/c": "c" });
  first = git(server, "rev-parse", "HEAD");
  git(server, "tag", "-a", "v1", "-m", "annotated");
  git(server, "branch", "old");
  second = commitFiles(server, "second", { a: "2" });
  makeRepository(folder.join("server/else/where"), { elsewhere: "1" });
});
afterEach(() => folder.remove());

function context(github: JsonObject = {}, more: Partial<CheckoutContext> = {}): CheckoutContext {
  return {
    source: {
      builtin: true,
      repository: "me/project",
      serverUrl: `file://${folder.join("server")}`,
      source: { kind: "git", url: `file://${folder.join("server/me/project")}` },
      bound: false,
    },
    workspace,
    temp: folder.join("temp"),
    github,
    env: GIT_ENV,
    signal: new AbortController().signal,
    log: () => {},
    warn: () => {},
    mask: () => {},
    ...more,
  };
}

const checkout = (inputs: Record<string, string> = {}, github: JsonObject = {}): Promise<CheckoutResult> =>
  runCheckout(inputs, context(github));

async function failure(promise: Promise<unknown>): Promise<ExecError> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof ExecError) return error;
  throw new Error(`expected an ExecError, got ${String(error)}`);
}

const head = () => git(workspace, "rev-parse", "--abbrev-ref", "HEAD");
const subjects = () => git(workspace, "log", "--format=%s").split("\n").join(" ");

describe("checking out from a server", () => {
  it("takes the event's commit, on its branch, also when the branch has moved on", async () => {
    const { outputs } = await checkout({}, { ref: "refs/heads/main", sha: first });
    expect(outputs).toEqual({ ref: "refs/heads/main", commit: first });
    expect([head(), git(workspace, "rev-parse", "HEAD"), git(workspace, "status", "--short")]).toEqual([
      "main",
      first,
      "",
    ]);
    expect(git(workspace, "rev-parse", "--abbrev-ref", "@{upstream}")).toBe("origin/main");
  });

  it("takes the event's tag and the event's pull request", async () => {
    expect((await checkout({}, { ref: "refs/tags/v1", sha: first })).outputs.commit).toBe(first);
    expect([head(), git(workspace, "describe")]).toEqual(["HEAD", "v1"]);
    git(folder.join("server/me/project"), "update-ref", "refs/pull/7/merge", second);
    expect((await checkout({}, { ref: "refs/pull/7/merge", sha: second })).outputs.commit).toBe(second);
    expect(git(workspace, "rev-parse", "refs/remotes/pull/7/merge")).toBe(second);
  });

  it.each([
    ["a branch", "old", "old", "old"],
    ["a full branch", "refs/heads/old", "refs/heads/old", "old"],
    ["a tag", "v1", "v1", "HEAD"],
    ["a commit", "first", "", "HEAD"],
  ])("takes %s that is asked for", async (_, ref, output, on) => {
    const { outputs } = await checkout(
      { ref: ref === "first" ? first : ref },
      { ref: "refs/heads/main", sha: second },
    );
    expect(outputs).toEqual({ ref: output, commit: first });
    expect(head()).toBe(on);
  });

  it("takes the default branch of another repository, and one of its own beside it", async () => {
    await checkout({}, { ref: "refs/heads/main", sha: second });
    const { outputs } = await checkout(
      { repository: "else/where", path: "sub" },
      { ref: "refs/heads/x", sha: second },
    );
    expect(outputs.ref).toBe("refs/heads/main");
    expect(readdirSync(`${workspace}/sub`).sort()).toEqual([".git", "elsewhere"]);
    expect(git(`${workspace}/sub`, "remote", "get-url", "origin")).toBe(
      `file://${folder.join("server/else/where")}`,
    );
    expect(readFileSync(`${workspace}/a`, "utf8")).toBe("2");
  });

  it.each([
    ["1", "second"],
    ["0", "second first"],
    ["5", "second first"],
  ])("with fetch-depth %s has the history '%s'", async (depth, expected) => {
    await checkout({ "fetch-depth": depth }, { ref: "refs/heads/main", sha: second });
    expect(subjects()).toBe(expected);
  });

  it("has all branches and tags with all history, and tags where asked for", async () => {
    const refs = () => git(workspace, "for-each-ref", "--format=%(refname)").split("\n");
    await checkout({ "fetch-depth": "0" });
    expect(refs()).toEqual([
      "refs/heads/main",
      "refs/remotes/origin/main",
      "refs/remotes/origin/old",
      "refs/tags/v1",
    ]);
    await checkout({ "fetch-tags": "true" });
    expect(refs()).toEqual(["refs/heads/main", "refs/remotes/origin/main", "refs/tags/v1"]);
    await checkout();
    expect(refs()).toEqual(["refs/heads/main", "refs/remotes/origin/main"]);
  });

  it("can be sparse, by folders and by patterns", async () => {
    await checkout({ "sparse-checkout": "dir" });
    expect(readdirSync(workspace).sort()).toEqual([".git", "a", "dir"]);
    await checkout({ "sparse-checkout": "/other/", "sparse-checkout-cone-mode": "false" });
    expect(readdirSync(workspace).sort()).toEqual([".git", "other"]);
  });

  it("keeps untracked files with `clean: false` and goes to another commit", async () => {
    await checkout({}, { ref: "refs/heads/main", sha: first });
    writeFiles(workspace, { built: "keep", a: "spoiled" });
    await checkout({ clean: "false", "fetch-depth": "0" }, { ref: "refs/heads/main", sha: second });
    expect(readFileSync(`${workspace}/a`, "utf8")).toBe("2");
    expect(readFileSync(`${workspace}/built`, "utf8")).toBe("keep");
    expect(subjects()).toBe("second first");
  });

  it("fetches submodules, direct ones or all", async () => {
    const inner = makeRepository(folder.join("server/x/inner"), { deep: "1" });
    const middle = makeRepository(folder.join("server/x/middle"), { mid: "1" });
    git(middle, "submodule", "--quiet", "add", `file://${inner}`, "inner");
    commitFiles(middle, "inner");
    const server = folder.join("server/me/project");
    git(server, "submodule", "--quiet", "add", `file://${middle}`, "lib");
    commitFiles(server, "lib");
    await checkout();
    expect(readdirSync(`${workspace}/lib`)).toEqual([]);
    await checkout({ submodules: "true" });
    expect([existsSync(`${workspace}/lib/mid`), existsSync(`${workspace}/lib/inner/deep`)]).toEqual([
      true,
      false,
    ]);
    await checkout({ submodules: "recursive" });
    expect(existsSync(`${workspace}/lib/inner/deep`)).toBe(true);
  });

  it("runs no hooks of the user's", async () => {
    writeFiles(folder.path, { "hooks/post-checkout": [`#!/bin/sh\ntouch '${folder.join("ran")}'\n`, 0o755] });
    const env = {
      ...GIT_ENV,
      GIT_CONFIG_COUNT: "1",
      GIT_CONFIG_KEY_0: "core.hooksPath",
      GIT_CONFIG_VALUE_0: folder.join("hooks"),
    };
    await runCheckout({}, context({}, { env }));
    expect(existsSync(folder.join("ran"))).toBe(false);
  });

  it("keeps an ssh key only for as long as the job, outside the workspace", async () => {
    const source = { ...context().source, serverUrl: "ssh://git@github.test" };
    const inputs = {
      "ssh-key": "KEY",
      repository: "else/where",
      "ssh-known-hosts": "github.test ssh-rsa AAAA",
    };
    // An ssh that only says how it was called.
    writeFiles(folder.path, {
      "bin/ssh": [
        `#!/bin/sh\necho "$@" > '${folder.join("called")}'\necho 'Permission denied (publickey).' >&2\nexit 255\n`,
        0o755,
      ],
    });
    const env = { ...GIT_ENV, PATH: `${folder.join("bin")}:${GIT_ENV.PATH}` };
    const masked: string[] = [];
    const error = await failure(
      runCheckout(inputs, context({}, { source, env, mask: (value) => masked.push(value) })),
    );
    expect(error.code).toBe("Unauthorized");
    expect(readFileSync(folder.join("called"), "utf8")).toMatch(
      /-i .*ssh-key-\S+ .*StrictHostKeyChecking=yes.* git@github\.test .*else\/where\.git/,
    );
    expect(masked).toEqual(["KEY"]);
    expect(readdirSync(folder.join("temp"))).toEqual([]);
  });

  it("cleans up after itself where there was nothing to clean", async () => {
    await cleanUpCheckout({}, context());
    expect(existsSync(workspace)).toBe(false);
  });
});

describe("a server that does not have it", () => {
  it.each([
    ["an unknown repository", { repository: "no/such" }, "NotFound", /Repository no\/such was not found/],
    [
      "an unknown ref",
      { ref: "mian" },
      "NotFound",
      /A branch or tag with the name 'mian' could not be found in me\/project\. Near ones: main/,
    ],
    ["an unknown commit", { ref: "1".repeat(40) }, "NotFound", /The commit 1+ could not be fetched/],
    ["no git-lfs", { lfs: "true" }, "InvalidSpec", /needs git-lfs/],
  ])("fails for %s", async (_, inputs: Record<string, string>, code, message) => {
    const env = { ...GIT_ENV, PATH: `${folder.join("bin")}:${GIT_ENV.PATH}` };
    writeFiles(folder.path, { "bin/git-lfs": ["#!/bin/sh\nexit 1\n", 0o755] });
    const error = await failure(runCheckout(inputs, context({}, { env })));
    expect([error.code, error.message]).toEqual([code, expect.stringMatching(message)]);
  });

  it("fails for a repository without commits", async () => {
    mkdirSync(folder.join("server/new/one"), { recursive: true });
    git(folder.join("server/new/one"), "init", "--quiet");
    expect((await failure(checkout({ repository: "new/one" }))).message).toMatch(/has no commits yet/);
  });

  it("fails, retryably, where the network is down", async () => {
    const error = await failure(checkout({ repository: "a/b", "github-server-url": "http://127.0.0.1:9" }));
    expect([error.code, error.retryable]).toEqual(["Transient", true]);
  });
});
