import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readRepository } from "./read-repository.ts";
import type { Repository } from "./repository.ts";

let folder = "";
const env = {
  PATH: process.env.PATH,
  HOME: "/nonexistent",
  GIT_CONFIG_NOSYSTEM: "1",
  GIT_CONFIG_GLOBAL: "/dev/null",
  GIT_AUTHOR_NAME: "Ada Ünlü",
  GIT_AUTHOR_EMAIL: "ada@example.org",
  GIT_COMMITTER_NAME: "Ben",
  GIT_COMMITTER_EMAIL: "ben@example.org",
};
const git = (...args: string[]) =>
  execFileSync("git", args, { cwd: folder, env, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] }).trim();
const read = async (at = folder) => (await readRepository({ folder: at, env })) as Repository;

beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), "slipway-git-")));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe("readRepository", () => {
  it("reads branch, tags, commits, the pushed commit, the remote and the main branch", async () => {
    git("init", "-q", "-b", "main");
    git("commit", "-q", "--allow-empty", "-m", "First");
    const first = git("rev-parse", "HEAD");
    git("checkout", "-q", "-b", "feature/täst");
    git("remote", "add", "origin", "git@example.org:team/app.git");
    git("update-ref", "refs/remotes/origin/feature/täst", first);
    git("symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/main");
    git("update-ref", "refs/remotes/origin/main", first);
    git("commit", "-q", "--allow-empty", "-m", "Second\n\nwith a body, and more");
    git("tag", "v1");
    git("tag", "-a", "v1.0", "-m", "annotated");
    const repository = await read();
    expect(repository).toMatchObject({
      root: folder,
      branch: "feature/täst",
      pushed: first,
      remoteUrl: "git@example.org:team/app.git",
      defaultBranch: "main",
      user: { name: "Ada Ünlü", email: "ada@example.org" },
    });
    expect(repository.tags.toSorted()).toEqual(["v1", "v1.0"]);
    expect(repository.commits).toHaveLength(2);
    expect(repository.commits[0]).toMatchObject({
      sha: git("rev-parse", "HEAD"),
      parents: [first],
      author: { name: "Ada Ünlü", email: "ada@example.org" },
      committer: { name: "Ben", email: "ben@example.org" },
      message: "Second\n\nwith a body, and more",
    });
  });

  it("finds the top of the work tree from a folder below it, and follows a linked work tree", async () => {
    git("init", "-q", "-b", "main");
    git("commit", "-q", "--allow-empty", "-m", "First");
    mkdirSync(join(folder, "a/b"), { recursive: true });
    expect((await read(join(folder, "a/b"))).root).toBe(folder);
    git("worktree", "add", "-q", "-b", "other", join(folder, "tree"));
    expect(await read(join(folder, "tree"))).toMatchObject({ root: join(folder, "tree"), branch: "other" });
  });

  it("says that a detached head has no branch", async () => {
    git("init", "-q", "-b", "main");
    git("commit", "-q", "--allow-empty", "-m", "First");
    git("checkout", "-q", "--detach");
    expect(await read()).toMatchObject({ branch: undefined, defaultBranch: "main" });
  });

  it("reads branch and remote of a repository without commits", async () => {
    git("init", "-q", "-b", "trunk");
    git("remote", "add", "upstream", "https://example.org/team/app");
    expect(await read()).toMatchObject({
      branch: "trunk",
      commits: [],
      remoteUrl: "https://example.org/team/app",
    });
  });

  it("shows decorations that the configuration hides", async () => {
    git("init", "-q", "-b", "main");
    git("commit", "-q", "--allow-empty", "-m", "First");
    git("config", "log.excludeDecoration", "refs/heads/*");
    expect((await read()).branch).toBe("main");
  });

  it("says why there is no repository, and whether one is broken", async () => {
    expect(await readRepository({ folder, env })).toEqual({
      reason: "this is not a git repository",
      broken: false,
    });
    writeFileSync(join(folder, ".git"), "gitdir: /nowhere/at/all\n");
    expect(await readRepository({ folder, env })).toMatchObject({
      broken: true,
      reason: expect.stringContaining("/nowhere/at/all"),
    });
    mkdirSync(join(folder, "x/.git"), { recursive: true });
    expect(
      await readRepository({ folder: join(folder, "x"), env: { ...env, PATH: "/nonexistent" } }),
    ).toMatchObject({
      broken: false,
      reason: expect.stringContaining("git could not be started"),
    });
  });
});
