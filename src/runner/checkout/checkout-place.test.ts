import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
} from "node:fs";
import { describe, expect, it } from "vitest";
import { commitFiles, git, makeRepository, writeFiles } from "../git/repository.fixture.ts";
import { cleanUpCheckout, runCheckout } from "./checkout.ts";
import { failure, filesIn, useCheckoutTrial } from "./checkout-trial.fixture.ts";

const trial = useCheckoutTrial();

describe("the place of a checkout", () => {
  it("is below the workspace by `path`", async () => {
    makeRepository(trial.source, { a: "1" });
    await trial.checkout({ path: "deep/er" });
    expect(filesIn(trial.workspace)).toEqual(["deep/er/a"]);
    expect(git(`${trial.workspace}/deep/er`, "status", "--short")).toBe("");
  });

  it.each([["../out"], ["/etc"], ["a/../../out"]])("cannot be %s", async (path) => {
    makeRepository(trial.source, { a: "1" });
    const error = await failure(trial.checkout({ path }));
    expect([error.code, error.message]).toEqual([
      "InvalidSpec",
      expect.stringMatching(/Repository path '.*' is not under/),
    ]);
  });

  it("cannot lead out through a link", async () => {
    makeRepository(trial.source, { a: "1" });
    writeFiles(trial.folder.path, { "outside/keep": "1" });
    mkdirSync(trial.workspace);
    symlinkSync(trial.folder.join("outside"), `${trial.workspace}/link`);
    expect((await failure(trial.checkout({ path: "link/x" }))).message).toMatch(
      /leads out of .* through a link/,
    );
    expect((await failure(trial.checkout({ path: "link" }))).message).toMatch(/leads out/);
    expect(existsSync(trial.folder.join("outside/keep"))).toBe(true);
  });

  it("is emptied first, and says so", async () => {
    makeRepository(trial.source, { a: "1" });
    writeFiles(trial.workspace, { "old/file": "x", ".dot": "y" });
    await trial.checkout();
    expect(filesIn(trial.workspace)).toEqual(["a"]);
    expect(trial.log.join("\n")).toContain(`Deleting the contents of '${trial.workspace}'`);
  });

  it("keeps untracked files of an earlier checkout of the same repository with `clean: false`", async () => {
    makeRepository(trial.source, { a: "1", b: "1" });
    await trial.checkout();
    writeFiles(trial.workspace, { built: "keep", a: "spoiled" });
    renameSync(`${trial.workspace}/b`, `${trial.workspace}/moved`);
    await trial.checkout({ clean: "false" });
    expect(filesIn(trial.workspace)).toEqual(["a", "b", "built", "moved"]);
    expect(trial.read("a")).toBe("1");
    await trial.checkout({ clean: "true" });
    expect(filesIn(trial.workspace)).toEqual(["a", "b"]);
  });

  it("is never the work tree itself, nor around it", async () => {
    makeRepository(trial.source, { a: "1" });
    for (const place of [trial.source, trial.folder.path]) {
      trial.workspace = place;
      expect((await failure(trial.checkout())).message).toMatch(/Refusing to check out into/);
    }
    expect(filesIn(trial.source)).toEqual(["a"]);
  });

  it("is left alone where the workspace is the work tree", async () => {
    makeRepository(trial.source, { a: "1" });
    writeFiles(trial.source, { a: "changed" });
    trial.workspace = trial.source;
    const { outputs } = await runCheckout({}, trial.context({}, true));
    expect(outputs.commit).toBe(git(trial.source, "rev-parse", "HEAD"));
    expect(readFileSync(`${trial.source}/a`, "utf8")).toBe("changed");
    expect(trial.log.join("\n")).toMatch(/bound to/);
    await runCheckout({ ref: "other" }, trial.context({}, true));
    expect(trial.warnings).toEqual([expect.stringMatching(/'other' is not checked out/)]);
  });
});

describe("submodules", () => {
  function withSubmodule(): string {
    const inner = makeRepository(trial.folder.join("inner"), { "in.txt": "inner" });
    const middle = makeRepository(trial.folder.join("middle"), { "mid.txt": "middle" });
    git(middle, "submodule", "--quiet", "add", `file://${inner}`, "deep");
    commitFiles(middle, "with inner");
    makeRepository(trial.source, { a: "1" });
    git(trial.source, "submodule", "--quiet", "add", `file://${middle}`, "libs/mid dle");
    commitFiles(trial.source, "with middle");
    git(trial.source, "submodule", "--quiet", "update", "--init", "--recursive");
    return inner;
  }

  it("are empty folders unless asked for", async () => {
    withSubmodule();
    await trial.checkout();
    expect(filesIn(trial.workspace)).toEqual([".gitmodules", "a"]);
    expect(readdirSync(`${trial.workspace}/libs/mid dle`)).toEqual([]);
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
      writeFiles(trial.source, { "libs/mid dle/mid.txt": "changed" });
      await trial.checkout({ submodules });
      expect(filesIn(trial.workspace)).toEqual(files);
      expect(trial.read("libs/mid dle/mid.txt")).toBe("changed");
      expect(git(`${trial.workspace}/libs/mid dle`, "status", "--short")).toBe(" M mid.txt");
      expect(git(`${trial.workspace}/libs/mid dle`, "log", "-1", "--format=%s")).toBe("with inner");
      expect(git(trial.workspace, "submodule", "status")).toContain("libs/mid dle");
    },
  );

  it("that were never fetched are fetched", async () => {
    withSubmodule();
    git(trial.source, "submodule", "--quiet", "deinit", "--force", "--all");
    git(trial.source, "remote", "add", "origin", `file://${trial.folder.join("nowhere")}`);
    await trial.checkout({ submodules: "recursive" });
    expect(filesIn(trial.workspace)).toContain("libs/mid dle/deep/in.txt");
  });
});

describe("a sparse checkout", () => {
  function wide(): void {
    makeRepository(trial.source, {
      root: "r",
      "a/1": "1",
      "a/deep/2": "2",
      "b/3": "3",
      "c/x.md": "4",
      "c/y.txt": "5",
    });
    writeFiles(trial.source, { "a/untracked": "u", "b/untracked": "u", "b/3": "changed", "a/1": "changed" });
  }

  it("of folders holds them and the files above them", async () => {
    wide();
    await trial.checkout({ "sparse-checkout": "a\n\n" });
    expect(filesIn(trial.workspace)).toEqual(["a/1", "a/deep/2", "a/untracked", "root"]);
    expect(git(trial.workspace, "status", "--short")).toBe(" M a/1\n?? a/untracked");
  });

  it("by patterns holds what matches", async () => {
    wide();
    await trial.checkout({ "sparse-checkout": "*.md\n/b/", "sparse-checkout-cone-mode": "false" });
    expect(filesIn(trial.workspace)).toEqual(["b/3", "b/untracked", "c/x.md"]);
    expect(trial.read("b/3")).toBe("changed");
  });

  it("holds for another ref too", async () => {
    wide();
    git(trial.source, "branch", "old");
    commitFiles(trial.source, "next", { "a/new": "n" });
    await trial.checkout({ ref: "old", "sparse-checkout": "a" });
    expect(filesIn(trial.workspace)).toEqual(["a/1", "a/deep/2", "root"]);
    expect(git(trial.workspace, "status", "--short")).toBe("");
  });

  it("that the source itself has is kept as it is", async () => {
    wide();
    git(trial.source, "stash", "--quiet", "--include-untracked");
    git(trial.source, "sparse-checkout", "set", "c");
    await trial.checkout();
    expect(filesIn(trial.workspace)).toEqual(["c/x.md", "c/y.txt", "root"]);
    expect(git(trial.workspace, "status", "--short")).toBe("");
  });
});

describe("credentials", () => {
  const secrets = (): string => readFileSync(`${trial.workspace}/.git/config`, "utf8");

  it("are kept for the steps that follow in a file outside the workspace, masked, and taken away at the end", async () => {
    makeRepository(trial.source, { a: "1" });
    const { state } = await trial.checkout({}, { github: { ref: "refs/heads/main", token: "ghs_secret" } });
    const credential = Buffer.from("x-access-token:ghs_secret").toString("base64");
    expect(trial.masked).toEqual(["ghs_secret", credential]);
    expect(git(trial.workspace, "config", "http.https://github.test/.extraheader")).toBe(
      `AUTHORIZATION: basic ${credential}`,
    );
    expect(secrets()).not.toContain(credential);
    if (state === undefined) throw new Error("no state");
    expect(statSync(state.include ?? "").mode & 0o077).toBe(0);
    await cleanUpCheckout(state, trial.context());
    expect(existsSync(state.include ?? "")).toBe(false);
    expect(secrets()).not.toContain("git-credentials");
    expect(git(trial.workspace, "status", "--short")).toBe("");
    rmSync(trial.workspace, { recursive: true });
    await cleanUpCheckout(state, trial.context());
  });

  it.each([
    ["there is no token", {}, { ref: "refs/heads/main" }],
    ["they are not to persist", { "persist-credentials": "false" }, { token: "t" }],
    ["the origin is another server than the workflow's", { path: "x" }, { token: "t" }],
  ])("are not kept where %s", async (_, inputs, github) => {
    makeRepository(trial.source, { a: "1" });
    if ("path" in inputs) git(trial.source, "remote", "add", "origin", "https://elsewhere.test/me/project");
    const { state } = await trial.checkout(inputs, { github });
    expect(state).toBeUndefined();
    expect(existsSync(trial.folder.join("temp"))).toBe(false);
  });

  it("in the origin's address are masked", async () => {
    makeRepository(trial.source, { a: "1" });
    git(trial.source, "remote", "add", "origin", "https://me:pass-word@github.test/me/project");
    await trial.checkout();
    expect(trial.masked).toContain("pass-word");
  });
});
