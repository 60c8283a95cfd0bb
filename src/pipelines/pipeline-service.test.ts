import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { CreateBuildRequest } from "../builds/service/executor-service.ts";
import { systemClock } from "../clock.ts";
import { ExecError } from "../errors.ts";
import type { Permission } from "../identity/permission.ts";
import type { Principal } from "../identity/principal.ts";
import { GitRepositories } from "../repositories/git-repositories.ts";
import { commitFiles, GIT_ENV, git, makeRepository, TestFolder } from "../runner/git/repository.fixture.ts";
import { openStore } from "../store/open-store.ts";
import type { Store } from "../store/store.ts";
import { silentLogger } from "../telemetry/logger.ts";
import { createPipelineService } from "./create-pipeline-service.ts";
import type { PipelineService, StartBuildRequest } from "./pipeline-service.ts";

const CI = `name: CI
run-name: Build of \${{ github.ref_name }} by \${{ github.actor }}
on: [push, workflow_dispatch]
jobs:
  test: { runs-on: ubuntu-latest, steps: [{ run: "true" }] }
  deploy: { runs-on: ubuntu-latest, needs: test, steps: [{ run: "true" }] }
`;
const RELEASE = `name: Release
on:
  workflow_dispatch:
    inputs:
      version: { required: true }
      dry: { type: boolean, default: true }
      count: { type: number }
      where: { type: choice, options: [staging, production] }
jobs:
  go: { runs-on: ubuntu-latest, steps: [{ run: "true" }] }
`;

let folder: TestFolder;
let origin: string;
let head: string;
let store: Store;
let service: PipelineService;
let created: CreateBuildRequest[];

beforeEach(async () => {
  folder = new TestFolder();
  origin = makeRepository(folder.join("origin"), { ".workflows/ci.yml": CI });
  head = git(origin, "rev-parse", "HEAD");
  const deps = { clock: systemClock, logger: silentLogger };
  store = await openStore({ kind: "sqlite", file: ":memory:" }, deps);
  created = [];
  service = createPipelineService({
    ...deps,
    store,
    repositories: new GitRepositories({ ...deps, folder: folder.join("mirrors"), env: GIT_ENV }),
    executor: {
      createBuild(request) {
        created.push(request);
        const { file, content, github, inputs, vars, onlyJobs, ...build } = request;
        const snapshot = { file, content, github, inputs, vars };
        return store.builds.create(
          { ...build, createdAt: 1 },
          onlyJobs === undefined ? snapshot : { ...snapshot, onlyJobs },
        );
      },
    },
    serverUrl: "https://ci.example.com",
  });
  await addProject("p1", "acme/shop", origin);
});
afterEach(async () => {
  await store.close();
  folder.remove();
});

function addProject(id: string, name: string, repositoryUrl: string) {
  return store.projects.createProject({
    id,
    name,
    repositoryUrl,
    defaultBranch: "main",
    settings: {},
    createdAt: 0,
    updatedAt: 0,
  });
}

function caller(permission: Permission, projectId?: string): Principal {
  const base = { kind: "token", id: "t1", name: "ada", permissions: [permission] } as const;
  return projectId === undefined ? base : { ...base, projectId };
}
const ada = caller("project:write");

const start = (request: Omit<StartBuildRequest, "projectId"> = {}) =>
  service.startPipelineBuild(ada, { projectId: "p1", ...request });

const failure = (promise: Promise<unknown>): Promise<ExecError> =>
  promise.then(
    () => {
      throw new Error("it was not refused");
    },
    (error: unknown) => {
      if (error instanceof ExecError) return error;
      throw error;
    },
  );

describe("startPipelineBuild", () => {
  it("hands on the file, the commit, the event and who asked", async () => {
    const build = await start();
    expect(build).toMatchObject({
      status: "pending",
      number: 1,
      ref: "refs/heads/main",
      sha: head,
      actor: "ada",
    });
    expect(created).toHaveLength(1);
    expect(created[0]).toMatchObject({
      id: build.id,
      projectId: "p1",
      trigger: "api",
      event: "workflow_dispatch",
      file: ".workflows/ci.yml",
      content: CI,
      workflow: "CI",
      title: "Build of main by ada",
      inputs: {},
      vars: {},
      github: {
        event_name: "workflow_dispatch",
        repository: "acme/shop",
        repository_owner: "acme",
        actor: "ada",
        triggering_actor: "ada",
        sha: head,
        ref: "refs/heads/main",
        ref_name: "main",
        ref_type: "branch",
        workflow_ref: "acme/shop/.workflows/ci.yml@refs/heads/main",
        server_url: "https://github.com",
        api_url: "https://api.github.com",
        event: {
          ref: "refs/heads/main",
          inputs: {},
          repository: {
            full_name: "acme/shop",
            default_branch: "main",
            html_url: "https://ci.example.com/acme/shop",
            clone_url: "https://ci.example.com/git/acme/shop.git",
          },
          sender: { login: "ada" },
        },
      },
    });
  });

  it("names a repository of one part below the owner that the command line has too", async () => {
    await addProject("p2", "shop", origin);
    await service.startPipelineBuild(ada, { projectId: "shop" });
    expect(created[0]?.github).toMatchObject({ repository: "local/shop", repository_owner: "local" });
  });

  it("reads the file at the ref that is asked for", async () => {
    git(origin, "checkout", "--quiet", "-b", "topic");
    const topic = CI.replace("name: CI", "name: Topic");
    const sha = commitFiles(origin, "topic", { ".workflows/ci.yml": topic });
    git(origin, "tag", "v1");
    for (const [gitRef, ref] of [
      ["topic", "refs/heads/topic"],
      ["v1", "refs/tags/v1"],
      [sha, "refs/heads/topic"],
    ] as const) {
      await start({ gitRef });
      // The default branch of the origin is what is checked out there.
      expect(created.pop()).toMatchObject({ ref, sha, content: topic, workflow: "Topic", github: { ref } });
    }
  });

  it("gives the build that is there for the same id, and makes none", async () => {
    const build = await start({ buildId: "b-1" });
    git(origin, "rm", "--quiet", "-r", ".");
    commitFiles(origin, "gone");
    expect(await start({ buildId: "b-1" })).toEqual(build);
    expect(created).toHaveLength(1);
    await addProject("p2", "other", origin);
    const other = service.startPipelineBuild(ada, { projectId: "p2", buildId: "b-1" });
    expect(await failure(other)).toMatchObject({ code: "Conflict" });
    expect(await failure(start({ buildId: "../x" }))).toMatchObject({ code: "InvalidSpec" });
  });

  it("takes pipelines by name, path and id, and needs no name where there is one", async () => {
    const [pipeline] = await service.listPipelines(ada, "p1");
    const names = ["CI", ".workflows/ci.yml", "ci.yml", "ci", pipeline?.id ?? ""];
    for (const name of names) await start({ pipeline: name });
    expect(created.map(({ pipelineId }) => pipelineId)).toEqual(names.map(() => pipeline?.id));
    commitFiles(origin, "more", { ".workflows/release.yml": RELEASE });
    expect(await failure(start())).toMatchObject({
      code: "InvalidSpec",
      message: "Say which pipeline of project acme/shop to start: CI, Release.",
    });
    expect(await failure(start({ pipeline: "Relase" }))).toMatchObject({
      code: "NotFound",
      message: "Project acme/shop has no pipeline 'Relase'. Did you mean 'Release'?",
    });
  });

  it("knows no pipeline in a project without any", async () => {
    await addProject("p2", "empty", makeRepository(folder.join("empty"), { "README.md": "" }));
    const error = await failure(service.startPipelineBuild(ada, { projectId: "p2" }));
    expect(error).toMatchObject({ code: "NotFound", message: "Project empty has no pipelines." });
  });

  it("tells every mistake in the file with its place, its line and a hint, and records nothing", async () => {
    const broken = CI.replace("needs: test", "needs: tset").replace(
      "runs-on: ubuntu-latest, steps",
      "runs-on: 7, stpes",
    );
    commitFiles(origin, "broken", { ".workflows/ci.yml": broken });
    const { code, message } = await failure(start());
    expect(code).toBe("InvalidSpec");
    expect(message).toMatch(/^\.workflows\/ci\.yml has \d mistakes:\n/);
    expect(message).toMatch(/\.workflows\/ci\.yml:5:\d+: error: .*stpes/);
    expect(message).toMatch(/\.workflows\/ci\.yml:6:\d+: error: .*tset/);
    expect(message).toContain("6 |   deploy: { runs-on: ubuntu-latest, needs: tset");
    expect(message).toMatch(/hint: .*test/);
    expect(created).toEqual([]);
  });

  it("tells mistakes in the workflows it calls, and in the calls", async () => {
    const calling = `on: push
jobs:
  a: { uses: ./.workflows/called.yml, with: { nmae: x } }
  b: { uses: ./.workflows/brokn.yml }
  c: { uses: ./.workflows/broken.yml }
`;
    const called =
      "on: { workflow_call: { inputs: { name: { type: string } } } }\njobs: { a: { runs-on: x, steps: [{ run: a }] } }\n";
    const broken = called.replace("steps", "stepz");
    commitFiles(origin, "calls", {
      ".workflows/ci.yml": calling,
      ".workflows/called.yml": called,
      ".workflows/broken.yml": broken,
    });
    const { code, message } = await failure(start({ pipeline: ".workflows/ci.yml" }));
    expect(code).toBe("InvalidSpec");
    for (const part of [
      "ci.yml:3:",
      "nmae",
      "ci.yml:4:",
      "Did you mean ./.workflows/broken.yml?",
      "ci.yml:5:",
      "broken.yml:2:",
    ]) {
      expect(message).toContain(part);
    }
    commitFiles(origin, "sound", {
      ".workflows/ci.yml": calling.replace("nmae", "name").replace(/ {2}[bc].*\n/g, ""),
    });
    await start({ pipeline: ".workflows/ci.yml" });
    expect(created).toHaveLength(1);
  });

  it("names the file that is not at the ref", async () => {
    await service.listPipelines(ada, "p1");
    git(origin, "mv", ".workflows/ci.yml", ".workflows/cd.yml");
    const sha = commitFiles(origin, "moved");
    expect(await failure(start({ pipeline: "CI" }))).toMatchObject({
      code: "NotFound",
      message: `There is no file .workflows/ci.yml at refs/heads/main (${sha.slice(0, 12)}). Did you mean .workflows/cd.yml?`,
    });
    expect(await failure(start({ pipeline: "CI", gitRef: "mian" }))).toMatchObject({ code: "NotFound" });
  });

  it("gives the project's variables, and those of the request before them", async () => {
    const setting = { projectId: "p1", kind: "variable", updatedAt: 0 } as const;
    await store.projects.putSetting({ ...setting, name: "REGION", value: "eu" });
    await store.projects.putSetting({ ...setting, name: "TIER", value: "small" });
    await store.projects.putSetting({ ...setting, kind: "secret", name: "TOKEN", value: "sealed" });
    await start({ vars: { tier: "large" } });
    expect(created[0]?.vars).toEqual({ REGION: "eu", TIER: "large" });
    expect(JSON.stringify(created[0])).not.toContain("sealed");
    for (const name of ["1A", "A-B", "GITHUB_X", ""]) {
      expect(await failure(start({ vars: { [name]: "x" } })), name).toMatchObject({ code: "InvalidSpec" });
    }
  });

  it("takes only jobs that are there", async () => {
    await start({ onlyJobs: ["test"] });
    expect(created[0]?.onlyJobs).toEqual(["test"]);
    await start({ onlyJobs: [] });
    expect(created[1]).not.toHaveProperty("onlyJobs");
    expect((await failure(start({ onlyJobs: ["tset"] }))).message).toContain("Did you mean 'test'?");
  });
});

describe("inputs", () => {
  beforeEach(() => {
    commitFiles(origin, "release", { ".workflows/release.yml": RELEASE });
  });
  const release = (inputs: { [name: string]: string }) =>
    start({ pipeline: ".workflows/release.yml", inputs });

  it("are kept as given, and told to the event with their defaults", async () => {
    await release({ version: "1.2", where: "production" });
    expect(created[0]?.inputs).toEqual({ version: "1.2", where: "production" });
    expect(created[0]?.github).toMatchObject({
      event: { inputs: { version: "1.2", dry: "true", count: "0", where: "production" } },
    });
  });

  it("are refused with every mistake at once", async () => {
    const { code, message } = await failure(
      release({ dry: "maybe", count: "x", where: "moon", verison: "1" }),
    );
    expect(code).toBe("InvalidSpec");
    for (const part of [
      "Did you mean 'version'",
      "neither true nor false",
      "not a number",
      "not one of",
      "required",
    ]) {
      expect(message).toContain(part);
    }
  });
});

describe("the event", () => {
  it.each([
    [undefined, "workflow_dispatch"],
    ["workflow_dispatch", "workflow_dispatch"],
    ["push", "push"],
  ])("%s becomes %s", async (event, expected) => {
    await start(event === undefined ? {} : { event });
    expect(created[0]).toMatchObject({ event: expected, github: { event_name: expected } });
  });

  it("may be workflow_dispatch for a file that does not listen to it, which then has no inputs", async () => {
    commitFiles(origin, "push only", {
      ".workflows/ci.yml": CI.replace("[push, workflow_dispatch]", "push"),
    });
    await start();
    expect(created[0]?.event).toBe("workflow_dispatch");
    expect((await failure(start({ inputs: { a: "1" } }))).message).toContain("has no input 'a'");
  });

  it("push tells the commit and the one before", async () => {
    const sha = commitFiles(origin, "second");
    await start({ event: "push" });
    expect(created[0]?.github).toMatchObject({
      sha,
      event: { before: head, after: sha, head_commit: { id: sha, message: "second", author: { name: "A" } } },
    });
  });

  it("schedule tells its cron line", async () => {
    commitFiles(origin, "nightly", {
      ".workflows/ci.yml": CI.replace("[push, workflow_dispatch]", '{ schedule: [{ cron: "0 3 * * *" }] }'),
    });
    await start({ event: "schedule", schedule: "0 3 * * *", trigger: "schedule" });
    expect(created[0]).toMatchObject({
      trigger: "schedule",
      event: "schedule",
      github: { event: { schedule: "0 3 * * *" } },
    });
  });

  it("mr of .platform.yaml is a pull request", async () => {
    const platform = "pipeline:\n  steps:\n    - name: a\n      image: alpine\n      commands: [make]\n";
    const { spec } = await import("../spec/parse-pipeline.ts").then(({ parsePipeline }) =>
      parsePipeline({ path: ".platform.yaml", content: platform }),
    );
    // Whatever events the file listens to by itself, each can be asked for.
    const events = spec?.on.map(({ event }) => event) ?? [];
    commitFiles(origin, "platform", { ".platform.yaml": platform });
    for (const event of events) await start({ pipeline: ".platform.yaml", event });
    expect(created.map(({ event }) => event)).toEqual(
      events.map((event) => (event === "mr" ? "pull_request" : event)),
    );
  });

  it.each([
    ["relase", "There is no event 'relase'. Did you mean 'release'?"],
    [
      "release",
      ".workflows/ci.yml does not listen to 'release'. It listens to push, workflow_dispatch; without",
    ],
  ])("%s is refused", async (event, message) => {
    expect((await failure(start({ event }))).message).toContain(message);
  });

  it("of a file that can only be called is none", async () => {
    commitFiles(origin, "called", {
      ".workflows/ci.yml": CI.replace("[push, workflow_dispatch]", "workflow_call"),
    });
    for (const request of [{}, { event: "workflow_call" }]) {
      expect(await failure(start(request))).toMatchObject({ code: "InvalidSpec" });
    }
  });
});

describe("pipelines", () => {
  it("are found in the default branch, named by their files, each once, by any number of requests", async () => {
    commitFiles(origin, "more", {
      ".workflows/release.yml": RELEASE,
      ".github/workflows/twin.yml": CI,
      ".github/workflows/broken.yml": "name: [",
    });
    const lists = await Promise.all([1, 2, 3].map(() => service.listPipelines(caller("project:read"), "p1")));
    lists.push(await service.listPipelines(caller("project:read"), "acme/shop"));
    const named = lists.at(-1)?.map(({ name, path }) => [path, name]);
    expect(Object.fromEntries(named ?? [])).toEqual({
      ".workflows/ci.yml": "CI",
      ".workflows/release.yml": "Release",
      ".github/workflows/twin.yml": ".github/workflows/twin.yml",
      ".github/workflows/broken.yml": ".github/workflows/broken.yml",
    });
  });

  it("of the records are listed while the origin is gone", async () => {
    const known = await service.listPipelines(ada, "p1");
    await store.projects.updateProject("p1", { repositoryUrl: folder.join("nowhere") });
    expect(await service.listPipelines(ada, "p1")).toEqual(known);
    expect(known).toHaveLength(1);
  });

  it("are created with the name in the file, the path, or the name that is given", async () => {
    const inFile = await service.createPipeline(ada, { projectId: "p1", path: "./.workflows/ci.yml" });
    expect(inFile).toMatchObject({ name: "CI", path: ".workflows/ci.yml", enabled: true, projectId: "p1" });
    expect(await service.getPipeline(ada, "p1", "CI")).toEqual(inFile);
    const later = await service.createPipeline(ada, { projectId: "p1", path: "ci/later.yml" });
    expect(later.name).toBe("ci/later.yml");
    const given = await service.createPipeline(ada, { projectId: "p1", path: "ci/x.yaml", name: " Deploy " });
    expect(given.name).toBe("Deploy");
  });

  it("with a path or a name that is taken are refused", async () => {
    await service.createPipeline(ada, { projectId: "p1", path: ".workflows/ci.yml" });
    for (const request of [
      { path: ".workflows/ci.yml" },
      { path: ".workflows/ci.yml", name: "Other" },
      { path: "other.yml", name: "CI" },
    ]) {
      expect(await failure(service.createPipeline(ada, { projectId: "p1", ...request }))).toMatchObject({
        code: "Conflict",
      });
    }
  });

  it.each(["", "/etc/x.yml", "../x.yml", "a//b.yml", "a/../b.yml", "ci.txt", "a\n.yml", "-"])(
    "with the path %j are refused",
    async (path) => {
      const error = await failure(service.createPipeline(ada, { projectId: "p1", path }));
      expect(error).toMatchObject({ code: "InvalidSpec" });
    },
  );
});

describe("permissions", () => {
  const calls: [string, Permission, (who: Principal, projectId: string) => Promise<unknown>][] = [
    [
      "createPipeline",
      "project:write",
      (who, projectId) => service.createPipeline(who, { projectId, path: "a.yml" }),
    ],
    [
      "startPipelineBuild",
      "project:write",
      (who, projectId) => service.startPipelineBuild(who, { projectId }),
    ],
    ["listPipelines", "project:read", (who, projectId) => service.listPipelines(who, projectId)],
    ["getPipeline", "project:read", (who, projectId) => service.getPipeline(who, projectId, "CI")],
  ];
  it.each(calls)("%s needs %s in the project", async (_, permission, call) => {
    await service.listPipelines(ada, "p1");
    await call(caller(permission, "p1"), "acme/shop");
    if (permission === "project:write") {
      expect(await failure(call(caller("project:read"), "p1"))).toMatchObject({ code: "Forbidden" });
    }
    // Another project's token learns nothing: it is the same as for a project that is not there.
    const hidden = await failure(call(caller("admin", "p2"), "p1"));
    const missing = await failure(call(caller("admin", "p2"), "nowhere"));
    expect([hidden.code, hidden.message]).toEqual([missing.code, missing.message]);
    expect(hidden.code).toBe("NotFound");
  });
});
