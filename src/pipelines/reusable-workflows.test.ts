import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeEach, describe, expect, it } from "vitest";
import { git } from "../../test/support/git.ts";
import { Sandbox } from "../../test/support/slipway.ts";
import type { LoadWorkflow } from "../builds/load-workflow.ts";
import { readIfThere, reusableWorkflows } from "./reusable-workflows.ts";

const CALLED = "on: workflow_call\njobs: { a: { runs-on: ubuntu-latest, steps: [{ run: echo hi }] } }\n";
const BROKEN = "on: workflow_call\njobs: { a: { runs-on: ubuntu-latest, stepz: [] } }\n";
const FROM = { file: ".github/workflows/ci.yml" };
const never = new AbortController().signal;

describe("called workflows", () => {
  let sandbox: Sandbox;
  let load: LoadWorkflow;
  let sha: string;

  beforeEach(() => {
    sandbox = new Sandbox();
    const shared = sandbox.repository("remote/acme/shared", {
      ".github/workflows/called.yml": CALLED,
      ".github/workflows/broken.yml": BROKEN,
    });
    git(shared, "tag", "v1");
    sha = git(shared, "rev-parse", "HEAD");
    const own: { readonly [path: string]: string } = {
      ".github/workflows/called.yml": CALLED,
      ".github/workflows/broken.yml": BROKEN,
    };
    mkdirSync(sandbox.join("cache"));
    load = reusableWorkflows({
      readOwn: async (path) => own[path],
      actions: { url: sandbox.join("remote"), local: {}, offline: false },
      checkout: {
        builtin: true,
        repository: "acme/app",
        serverUrl: "https://github.com",
        source: { kind: "worktree", path: sandbox.path },
        bound: false,
      },
      actionCache: sandbox.join("cache"),
      env: { PATH: process.env.PATH ?? "", HOME: sandbox.path },
      now: () => 0,
      log: () => {},
    });
  });
  afterEach(() => sandbox[Symbol.dispose]());

  it("are read from the build's own repository, with their text", async () => {
    const loaded = await load("./.github/workflows/called.yml", FROM, never);
    expect(loaded.spec.jobs.map(({ id }) => id)).toEqual(["a"]);
    expect(loaded).toMatchObject({ content: CALLED, origin: { file: ".github/workflows/called.yml" } });
  });

  it("are read from another repository, with the commit they came from", async () => {
    const loaded = await load("acme/shared/.github/workflows/called.yml@v1", FROM, never);
    expect(loaded.origin).toEqual({
      file: ".github/workflows/called.yml",
      repository: "acme/shared",
      ref: "v1",
      sha,
    });
  });

  it("call their neighbours at their own repository and commit", async () => {
    const from = { file: ".github/workflows/other.yml", repository: "acme/shared", ref: "v1", sha };
    const loaded = await load("./.github/workflows/called.yml", from, never);
    expect(loaded.origin).toEqual({ ...from, file: ".github/workflows/called.yml" });
  });

  it.each([
    ["./.github/workflows/none.yml", "NotFound", /Cannot read the workflow .*: there is no such file/],
    ["./../outside.yml", "InvalidSpec", /outside of its repository/],
    ["./.github/workflows/broken.yml", "InvalidSpec", /has mistakes:\n.*stepz/s],
    ["acme/shared/.github/workflows/none.yml@v1", "NotFound", /in acme\/shared: there is no such file/],
    ["acme/shared/.github/workflows/broken.yml@v1", "InvalidSpec", /acme\/shared\/.*has mistakes/],
    ["acme/none/.github/workflows/called.yml@v1", "NotFound", /acme\/none/],
    ["acme/shared/.github/workflows/called.yml@v9", "NotFound", /v9/],
  ])("say why %s cannot be used", async (uses, code, message) => {
    await expect(load(uses, FROM, never)).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message),
    });
  });
});

describe("a file of a project", () => {
  const sandbox = new Sandbox();
  afterAll(() => sandbox[Symbol.dispose]());

  it("is nothing where it is not there, and an error where it is a folder", async () => {
    sandbox.write({ "a/b.yml": "x" });
    expect(await readIfThere(sandbox.join("a/b.yml"))).toBe("x");
    expect(await readIfThere(sandbox.join("none"))).toBeUndefined();
    expect(await readIfThere(join(sandbox.join("a/b.yml"), "c"))).toBeUndefined();
    await expect(readIfThere(sandbox.join("a"))).rejects.toMatchObject({
      code: "Permanent",
      message: expect.stringContaining("it is a folder"),
    });
  });
});
