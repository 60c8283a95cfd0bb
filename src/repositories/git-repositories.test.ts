import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { systemClock } from "../clock.ts";
import { ExecError } from "../errors.ts";
import { commitFiles, GIT_ENV, git, makeRepository, TestFolder } from "../runner/git/repository.fixture.ts";
import type { ProjectRecord } from "../store/project-record.ts";
import { silentLogger } from "../telemetry/logger.ts";
import { GitRepositories, type GitRepositoriesOptions } from "./git-repositories.ts";

const PIPELINE = "on: push\njobs: {}\n";

let folder: TestFolder;
let origin: string;
let first: string;
let repositories: GitRepositories;
let project: ProjectRecord;

function open(more: Partial<GitRepositoriesOptions> = {}): GitRepositories {
  return new GitRepositories({
    folder: folder.join("mirrors"),
    env: GIT_ENV,
    clock: systemClock,
    logger: silentLogger,
    ...more,
  });
}

function projectAt(repositoryUrl: string): ProjectRecord {
  return {
    id: "p1",
    name: "shop",
    repositoryUrl,
    defaultBranch: "main",
    settings: {},
    createdAt: 0,
    updatedAt: 0,
  };
}

beforeEach(() => {
  folder = new TestFolder();
  origin = makeRepository(folder.join("origin"), { ".workflows/ci.yml": PIPELINE });
  first = git(origin, "rev-parse", "HEAD");
  repositories = open();
  project = projectAt(origin);
});
afterEach(() => folder.remove());

const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => "resolved",
    (error: unknown) => (error instanceof ExecError ? error.code : error),
  );
const mirror = () => folder.join("mirrors", "p1.git");

describe("resolve", () => {
  it("gives the commit of a branch, with what events tell of it", async () => {
    expect(await repositories.resolve(project, "main")).toEqual({
      ref: "refs/heads/main",
      sha: first,
      commit: {
        message: "first",
        authorName: "A",
        authorEmail: "a@example.test",
        committerName: "A",
        committerEmail: "a@example.test",
        committedAt: expect.stringMatching(/^2024-01-01T00:00:00(Z|\+00:00)$/),
        tree: git(origin, "rev-parse", "HEAD^{tree}"),
        parents: [],
      },
    });
  });

  it("gives the newest the origin has, every time", async () => {
    await repositories.resolve(project, "main");
    const second = commitFiles(origin, "second", { "a.txt": "a" });
    expect(await repositories.resolve(project, "main")).toMatchObject({
      sha: second,
      commit: { parents: [first] },
    });
  });

  it.each([
    ["main", "refs/heads/main"],
    ["HEAD", "refs/heads/main"],
    ["refs/heads/main", "refs/heads/main"],
    ["heads/main", "refs/heads/main"],
    ["v1", "refs/tags/v1"],
    ["refs/tags/v2", "refs/tags/v2"],
    ["both", "refs/heads/both"],
    ["tags/both", "refs/tags/both"],
    ["größe/ß", "refs/heads/größe/ß"],
  ])("takes %s for %s", async (name, ref) => {
    git(origin, "tag", "v1");
    git(origin, "tag", "-a", "-m", "annotated", "v2");
    git(origin, "tag", "both");
    git(origin, "branch", "both");
    git(origin, "branch", "größe/ß");
    expect(await repositories.resolve(project, name)).toMatchObject({ ref, sha: first });
  });

  it("takes whole, short and upper-case commit ids for commits of the default branch", async () => {
    commitFiles(origin, "second");
    for (const id of [first, first.slice(0, 7), first.toUpperCase()]) {
      expect(await repositories.resolve(project, id)).toMatchObject({ ref: "refs/heads/main", sha: first });
    }
  });

  it("takes a name that looks like a commit id for the branch of that name", async () => {
    git(origin, "branch", "deadbeef");
    expect(await repositories.resolve(project, "deadbeef")).toMatchObject({
      ref: "refs/heads/deadbeef",
      sha: first,
    });
  });

  it("asks the origin nothing for a commit that is there", async () => {
    await repositories.resolve(project, "main");
    renameSync(origin, `${origin}.gone`);
    expect(await repositories.resolve(project, first)).toMatchObject({ sha: first });
    expect(await open().resolve(project, first)).toMatchObject({ sha: first });
    expect(await codeOf(repositories.resolve(project, "main"))).toBe("Permanent");
  });

  it("fetches other refs where they are asked for by their full name", async () => {
    const head = commitFiles(origin, "proposed");
    git(origin, "update-ref", "refs/pull/7/head", head);
    git(origin, "reset", "--hard", "--quiet", first);
    expect(await repositories.resolve(project, "refs/pull/7/head")).toMatchObject({
      ref: "refs/pull/7/head",
      sha: head,
    });
    expect(await codeOf(repositories.resolve(project, "refs/pull/8/head"))).toBe("NotFound");
  });

  it("names the nearest where there is no such name", async () => {
    git(origin, "branch", "maintenance");
    git(origin, "tag", "v1");
    await expect(repositories.resolve(project, "mian")).rejects.toThrow(
      /There is no branch, tag or commit 'mian' in the repository of project shop\. The nearest names are main,/,
    );
    expect(await codeOf(repositories.resolve(project, "0".repeat(40)))).toBe("NotFound");
    expect(await codeOf(repositories.resolve(project, "12345"))).toBe("NotFound");
  });

  it("says of a tag on a file that it names no commit", async () => {
    git(origin, "tag", "blob", git(origin, "rev-parse", "HEAD:.workflows/ci.yml"));
    await expect(repositories.resolve(project, "blob")).rejects.toMatchObject({
      code: "NotFound",
      message: "'refs/tags/blob' of project shop names no commit.",
    });
  });

  it.each(["", "--upload-pack=touch x", "-x", "a b", "main..x", "main^", ":/first", "@{-1}", "a\nb"])(
    "refuses %j before git sees it",
    async (ref) => {
      expect(await codeOf(repositories.resolve(project, ref))).toBe("InvalidSpec");
      expect(existsSync(mirror())).toBe(false);
    },
  );

  it("says that an empty repository is empty, and takes it once something was pushed", async () => {
    const empty = folder.join("empty");
    mkdirSync(empty);
    git(empty, "init", "--quiet", "--initial-branch=trunk", ".");
    const here = projectAt(empty);
    await expect(repositories.resolve(here, "main")).rejects.toMatchObject({
      code: "NotFound",
      message: expect.stringContaining("is empty"),
    });
    expect(await repositories.defaultBranch(here)).toBe("main");
    const sha = commitFiles(empty, "now");
    expect(await repositories.resolve(here, "trunk")).toMatchObject({ sha });
    expect(await repositories.defaultBranch(here)).toBe("trunk");
  });

  it("mirrors repositories of SHA-256, also where it was empty before", async () => {
    const other = folder.join("sha256");
    mkdirSync(other);
    git(other, "init", "--quiet", "--initial-branch=main", "--object-format=sha256", ".");
    expect(await codeOf(repositories.resolve(projectAt(other), "main"))).toBe("NotFound");
    const sha = commitFiles(other, "first");
    expect(sha).toHaveLength(64);
    expect(await repositories.resolve(projectAt(other), "main")).toMatchObject({ sha });
    expect(await repositories.resolve(projectAt(other), sha)).toMatchObject({ sha });
  });
});

describe("an origin that changes", () => {
  it("may be force-pushed: what was built stays, and can be cloned by its id", async () => {
    const lost = commitFiles(origin, "lost", { "lost.txt": "x" });
    await repositories.resolve(project, "main");
    git(origin, "reset", "--hard", "--quiet", first);
    const next = commitFiles(origin, "next");
    expect(await repositories.resolve(project, "main")).toMatchObject({ sha: next });
    expect(await repositories.resolve(project, lost)).toMatchObject({ sha: lost });
    expect(await repositories.readFile(project, lost, "lost.txt")).toBe("x");

    const clone = folder.join("clone");
    mkdirSync(clone);
    git(clone, "init", "--quiet");
    for (const version of ["0", "2"]) {
      git(clone, "-c", `protocol.version=${version}`, "fetch", "--quiet", "--depth=1", mirror(), lost);
      expect(git(clone, "rev-parse", "FETCH_HEAD")).toBe(lost);
    }
    expect(git(clone, "ls-remote", mirror())).not.toContain("slipway");
  });

  it("may delete branches and tags, and reuse their names for folders", async () => {
    git(origin, "checkout", "--quiet", "-b", "topic");
    const topic = commitFiles(origin, "topic");
    git(origin, "tag", "v1");
    await repositories.resolve(project, "topic");
    git(origin, "checkout", "--quiet", "main");
    git(origin, "branch", "-D", "topic");
    git(origin, "tag", "-d", "v1");
    git(origin, "branch", "topic/one");
    expect(await repositories.resolve(project, "topic/one")).toMatchObject({ sha: first });
    expect(await codeOf(repositories.resolve(project, "topic"))).toBe("NotFound");
    expect(await codeOf(repositories.resolve(project, "v1"))).toBe("NotFound");
    expect(await repositories.resolve(project, topic)).toMatchObject({ sha: topic });
  });

  it("keeps nothing of a branch that only went forwards", async () => {
    await repositories.resolve(project, "main");
    git(origin, "tag", "-a", "-m", "x", "moving");
    await repositories.resolve(project, "main");
    commitFiles(origin, "second");
    git(origin, "tag", "-f", "-a", "-m", "y", "moving");
    await repositories.resolve(project, "main");
    expect(git(mirror(), "for-each-ref", "refs/slipway")).toBe("");
  });

  it("may rename its default branch", async () => {
    expect(await repositories.defaultBranch(project)).toBe("main");
    git(origin, "branch", "-m", "main", "trunk");
    expect(await repositories.defaultBranch(project)).toBe("trunk");
    expect(await repositories.resolve(project, "HEAD")).toMatchObject({ ref: "refs/heads/trunk" });
    expect(await repositories.resolve(project, first)).toMatchObject({ ref: "refs/heads/trunk" });
    expect(git(mirror(), "symbolic-ref", "HEAD")).toBe("refs/heads/trunk");
  });

  it("may point its HEAD elsewhere while no branch moves", async () => {
    git(origin, "branch", "next");
    await repositories.defaultBranch(project);
    git(origin, "checkout", "--quiet", "next");
    expect(await repositories.defaultBranch(project)).toBe("next");
    expect(git(mirror(), "symbolic-ref", "HEAD")).toBe("refs/heads/next");
  });

  it("with a detached HEAD has the branch that stands there for its default", async () => {
    git(origin, "branch", "-m", "main", "odd");
    git(origin, "checkout", "--quiet", "--detach");
    expect(await repositories.defaultBranch(project)).toBe("odd");
  });

  it("may be another repository from one time to the next", async () => {
    await repositories.resolve(project, "main");
    const other = makeRepository(folder.join("other"), { "b.txt": "b" });
    const sha = commitFiles(other, "other");
    expect(await repositories.resolve(projectAt(other), "main")).toMatchObject({ sha });
    expect(git(mirror(), "cat-file", "-t", sha)).toBe("commit");
  });
});

describe("a mirror of a mirror", () => {
  it("has the commits of builds that the origin itself has lost", async () => {
    const lost = commitFiles(origin, "lost", { "lost.txt": "x" });
    await repositories.resolve(project, "main");
    git(origin, "reset", "--hard", "--quiet", first);
    await repositories.resolve(project, "main");
    const second = open({ folder: folder.join("second") });
    expect(await second.readFile(projectAt(mirror()), lost, "lost.txt")).toBe("x");
    expect(git(folder.join("second", "p1.git"), "for-each-ref", "refs/slipway")).toContain(lost);
  });
});

describe("a mirror", () => {
  it("that is sound is not made anew for a commit that is nowhere", async () => {
    await repositories.resolve(project, "main");
    const { ino } = statSync(mirror());
    expect(await codeOf(repositories.readFile(project, "1".repeat(40), "x"))).toBe("NotFound");
    expect(statSync(mirror()).ino).toBe(ino);
  });

  it.each([
    ["lost its HEAD", () => rmSync(`${mirror()}/HEAD`)],
    ["lost its objects", () => rmSync(`${mirror()}/objects`, { recursive: true })],
    ["has a broken config", () => writeFileSync(`${mirror()}/config`, "[core\n")],
    ["was only half made", () => writeFileSync(`${mirror()}/config`, "[core]\n\tbare = true\n")],
    ["has a lock left by a dead git", () => writeFileSync(`${mirror()}/packed-refs.lock`, "")],
    [
      "is a file",
      () => {
        rmSync(mirror(), { recursive: true });
        writeFileSync(mirror(), "");
      },
    ],
  ])("that %s is made anew, by this process and by another", async (_, damage) => {
    git(origin, "branch", "old");
    for (const next of [repositories, open()]) {
      await repositories.resolve(project, "main");
      damage();
      git(origin, "branch", "-f", "old", "HEAD");
      const sha = commitFiles(origin, `after ${Math.random()}`);
      git(origin, "branch", "-D", "old");
      expect(await next.resolve(project, "main")).toMatchObject({ sha });
      expect(await next.readFile(project, sha, ".workflows/ci.yml")).toBe(PIPELINE);
      git(origin, "branch", "old");
      repositories = open();
    }
  });

  it("whose objects went is made anew when a commit is read that did not change", async () => {
    await repositories.resolve(project, "main");
    rmSync(`${mirror()}/objects`, { recursive: true });
    mkdirSync(`${mirror()}/objects`);
    expect(await open().resolve(project, "main")).toMatchObject({ sha: first });
    rmSync(`${mirror()}/objects`, { recursive: true });
    mkdirSync(`${mirror()}/objects`);
    expect(await open().readFile(project, first, ".workflows/ci.yml")).toBe(PIPELINE);
  });

  it("is given by its path, made on the first request, and goes with its project", async () => {
    expect(await repositories.mirrorPath(project)).toBe(mirror());
    expect(git(mirror(), "rev-parse", "main")).toBe(first);
    await repositories.remove("p1");
    expect(readdirSync(folder.join("mirrors"))).toEqual(["locks"]);
    await repositories.remove("p1");
    expect(await repositories.resolve(project, "main")).toMatchObject({ sha: first });
    await open().remove("p1");
    expect(existsSync(mirror())).toBe(false);
  });

  it("is shared by any number of requests, of several processes too", async () => {
    const others = [repositories, open(), open()];
    const found = await Promise.all(
      Array.from({ length: 30 }, (_, index) => others[index % 3]?.resolve(project, "main")),
    );
    expect(found.map((each) => each?.sha)).toEqual(Array.from({ length: 30 }, () => first));
  });

  it.each(["../evil", ".hidden", "a/b", ""])("has no place outside of its folder: %j", async (id) => {
    expect(await codeOf(repositories.resolve({ ...project, id }, "main"))).toBe("InvalidSpec");
  });
});

describe("an origin that is none", () => {
  it.each([
    ["a folder that is not there", () => folder.join("nowhere"), "Permanent"],
    ["a folder without a repository", () => folder.join("mirrors"), "Permanent"],
    ["a port where nobody listens", () => "http://127.0.0.1:9/x.git", "Transient"],
    ["a remote helper", () => "ext::sh -c 'touch pwned'", "InvalidSpec"],
    ["an option", () => "--upload-pack=touch pwned", "InvalidSpec"],
  ])("%s", async (_, url, code) => {
    mkdirSync(folder.join("mirrors"));
    expect(await codeOf(repositories.resolve(projectAt(url()), "main"))).toBe(code);
    expect(existsSync(mirror())).toBe(false);
  });

  it("that hangs is given up in time", async () => {
    const slow = folder.join("slow");
    mkdirSync(slow);
    writeFileSync(`${slow}/git`, "#!/bin/sh\nexec sleep 100\n", { mode: 0o755 });
    const hanging = open({ env: { ...GIT_ENV, PATH: `${slow}:${GIT_ENV.PATH}` }, askTimeoutMs: 50 });
    await expect(hanging.resolve(project, "main")).rejects.toMatchObject({
      code: "Timeout",
      retryable: true,
    });
  });
});

describe("files", () => {
  it("are read at a commit; what is no file there is undefined", async () => {
    const sha = commitFiles(origin, "more", {
      "größe/ä b.yml": "ü",
      "dir/x": "",
      "big.yml": "x".repeat(3e6),
    });
    expect(await repositories.readFile(project, sha, "größe/ä b.yml")).toBe("ü");
    expect(await repositories.readFile(project, sha, "dir/x")).toBe("");
    for (const path of [
      "missing.yml",
      "dir",
      "../x",
      "/dir/x",
      "./dir/x",
      "dir/../dir/x",
      "a\nb",
      "",
      "dir/",
    ]) {
      expect(await repositories.readFile(project, sha, path), path).toBeUndefined();
    }
    expect(await codeOf(repositories.readFile(project, sha, "big.yml"))).toBe("InvalidSpec");
    expect(await codeOf(repositories.readFile(project, "main", "dir/x"))).toBe("InvalidSpec");
    expect(await codeOf(repositories.readFile(project, "1".repeat(40), "dir/x"))).toBe("NotFound");
  });

  it("that are pipelines are found in the order of the command line, submodules and links left out", async () => {
    git(origin, "update-index", "--add", "--cacheinfo", `160000,${first},.workflows/module.yml`);
    git(origin, "commit", "--quiet", "-m", "module");
    const files = ["b.yaml", "ä.yml", "notes.md", "deep/er.yml"].map((name) => [
      `.github/workflows/${name}`,
      "",
    ]);
    rmSync(`${origin}/.workflows/module.yml`, { recursive: true, force: true });
    for (const [path = "", text = ""] of [...files, [".platform.yaml", ""], ["other.yml", ""]]) {
      mkdirSync(`${origin}/${path}`.replace(/\/[^/]*$/, ""), { recursive: true });
      writeFileSync(`${origin}/${path}`, text);
    }
    git(origin, "add", ".github", ".platform.yaml", "other.yml");
    git(origin, "commit", "--quiet", "-m", "files");
    const sha = git(origin, "rev-parse", "HEAD");
    expect(await repositories.pipelineFiles(project, sha)).toEqual([
      ".workflows/ci.yml",
      ".github/workflows/b.yaml",
      ".github/workflows/ä.yml",
      ".platform.yaml",
    ]);
    expect(await codeOf(repositories.pipelineFiles(project, "main"))).toBe("InvalidSpec");
  });
});
