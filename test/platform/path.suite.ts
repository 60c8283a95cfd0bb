// The way of a build: asked for, recorded, queued, claimed, run, kept; and how each arrow of it fails.
import { expect, it } from "vitest";
import { type BuildAnswer, statesOf } from "../support/api-project.ts";
import { git } from "../support/git.ts";
import { FILES } from "./path-repository.ts";
import type { World } from "./world.ts";

interface Problem {
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  readonly requestId: string;
}

const LIMIT_MS = 150_000;

export function pathSuite(given: () => World): void {
  const at = () => given().platform.api;

  it(
    "runs needs, a matrix made by a job, outputs, artifacts and a called workflow of a branch",
    async () => {
      const { project } = given();
      const started = await project.start("whole", {
        gitRef: "feature/two",
        inputs: { target: "production" },
      });
      expect(["pending", "queued", "running"]).toContain(started.status);
      const build = await project.ended(started.id);
      expect(build).toMatchObject({ status: "succeeded", ref: "refs/heads/feature/two", trigger: "api" });
      expect(statesOf(build)).toEqual({
        plan: "succeeded",
        leg: "succeeded",
        "leg[0]": "succeeded",
        "leg[1]": "succeeded",
        called: "succeeded",
        "called/answer": "succeeded",
        gather: "succeeded",
      });
      expect(await project.log(build, "plan")).toContain(
        "version is two, target is production, refs/heads/feature/two",
      );
      const gathered = await project.log(build, "gather");
      expect(gathered).toContain("from x\nfrom y\n");
      expect(gathered).toContain("called says hello back");

      const { items } = await at().ok<{ items: { name: string; downloadUrl: string; file: string }[] }>(
        "GET",
        `${project.builds}/${build.id}/artifacts`,
      );
      expect(items.map(({ name }) => name).sort()).toEqual(["all", "leg-x", "leg-y"]);
      const all = items.find(({ name }) => name === "all");
      const zip = await at().fetch(all?.downloadUrl ?? "");
      expect(zip.status).toBe(200);
      expect(
        Buffer.from(await zip.arrayBuffer())
          .subarray(0, 2)
          .toString(),
      ).toBe("PK");

      const graph = await at().ok<Record<string, unknown>>("GET", `builds/${build.id}/graph`);
      expect(JSON.stringify(graph)).toContain("called/answer");
    },
    LIMIT_MS,
  );

  it(
    "builds a branch, a tag, a commit, or the default branch where nothing is named",
    async () => {
      const { project, repository } = given();
      const main = git(repository, "rev-parse", "main");
      const ends: BuildAnswer[] = [];
      for (const gitRef of [undefined, "main", "refs/heads/main", "v1", main, main.slice(0, 10)])
        ends.push(await project.run("one", gitRef === undefined ? {} : { gitRef }));
      expect(ends.map(({ status, sha }) => [status, sha])).toEqual(ends.map(() => ["succeeded", main]));
      expect(ends.slice(0, 4).map(({ ref }) => ref)).toEqual([
        "refs/heads/main",
        "refs/heads/main",
        "refs/heads/main",
        "refs/tags/v1",
      ]);
      const [first] = ends;
      if (first !== undefined) expect(await project.log(first, "one")).toContain(`hello from ${main}`);
    },
    LIMIT_MS,
  );

  it(
    "sees a commit that was made after the project was added",
    async () => {
      const { project, repository } = given();
      git(repository, "commit", "-q", "--allow-empty", "-m", "Later");
      const sha = git(repository, "rev-parse", "main");
      expect(await project.run("one")).toMatchObject({ status: "succeeded", sha });
    },
    LIMIT_MS,
  );

  it(
    "restores in a build what the cache client kept in another",
    async () => {
      const { project } = given();
      const first = await project.run("cache");
      expect(first.status).toBe("succeeded");
      expect(await project.log(first, "keep")).toMatch(/found nothing[\s\S]*saved true/);
      const second = await project.run("cache");
      expect(await project.log(second, "keep")).toContain("found kept-1 kept words");
      const { items } = await at().ok<{ items: { key: string; scope: string }[] }>(
        "GET",
        `${project.path}/caches`,
      );
      expect(items).toMatchObject([{ key: "kept-1", scope: "refs/heads/main" }]);
    },
    LIMIT_MS,
  );

  it(
    "runs a .platform.yaml and keeps its artifact for as long as it says",
    async () => {
      const { project } = given();
      const build = await project.run(".platform.yaml");
      expect(statesOf(build)).toEqual({ build: "succeeded", test: "succeeded" });
      const { items } = await at().ok<{
        items: { id: string; name: string; createdAt: string; expiresAt: string }[];
      }>("GET", `${project.builds}/${build.id}/artifacts`);
      expect(items.map(({ name }) => name)).toEqual(["program"]);
      const [kept] = items;
      const days = (Date.parse(kept?.expiresAt ?? "") - Date.parse(kept?.createdAt ?? "")) / 86_400_000;
      expect(days).toBeCloseTo(7, 2);
    },
    LIMIT_MS,
  );

  it.each<[string, Record<string, unknown>, number, string, RegExp]>([
    [
      "an unknown pipeline",
      { pipeline: "hole" },
      404,
      "NotFound",
      /no pipeline 'hole'.*Did you mean 'whole'/s,
    ],
    ["an unknown branch", { pipeline: "one", gitRef: "feature/tow" }, 404, "NotFound", /feature\/tow/],
    ["an unknown commit", { pipeline: "one", gitRef: "f".repeat(40) }, 404, "NotFound", /ffff/],
    [
      "a ref that is none",
      { pipeline: "one", gitRef: "--upload-pack=x" },
      422,
      "InvalidSpec",
      /upload-pack|ref/,
    ],
    ["a file the ref has not", { pipeline: "one", gitRef: "feature/two" }, 404, "NotFound", /one\.yml/],
    ["a file with mistakes", { pipeline: "broken" }, 422, "InvalidSpec", /broken\.yml/],
    [
      "inputs that do not fit",
      { pipeline: "whole", inputs: { target: "moon", count: "many", more: 1 } },
      422,
      "InvalidSpec",
      /moon/,
    ],
    ["an input that is missing", { pipeline: "held" }, 422, "InvalidSpec", /gate/],
    ["an event it does not listen to", { pipeline: "one", event: "release" }, 422, "InvalidSpec", /release/],
    ["a job it has not", { pipeline: "one", jobs: ["two"] }, 422, "InvalidSpec", /two/],
    ["a field the API has not", { pipeline: "one", branch: "main" }, 422, "InvalidSpec", /branch/],
  ])("refuses %s, and makes no build of it", async (_, body, status, code, detail) => {
    const { project } = given();
    const before = await at().ok<{ items: { id: string }[] }>("GET", `${project.builds}?limit=1`);
    const answer = await at().api<Problem>("POST", project.builds, body);
    expect([answer.status, answer.body.code]).toEqual([status, code]);
    expect(JSON.stringify(answer.body)).toMatch(detail);
    expect(answer.headers.get("content-type")).toContain("application/problem+json");
    expect(answer.headers.get("x-request-id")).toBe(answer.body.requestId);
    expect(await at().ok("GET", `${project.builds}?limit=1`)).toEqual(before);
  });

  it("tells all mistakes of a file at once, each with its line, and all of a request", async () => {
    const { project } = given();
    const file = await at().api<Problem>("POST", project.builds, { pipeline: "broken" });
    const lineOf = (text: string) =>
      (FILES[".workflows/broken.yml"] ?? "").split("\n").findIndex((line) => line.includes(text)) + 1;
    const text = JSON.stringify(file.body);
    for (const part of ["needs: nothing", "uses: actions/checkout", "nonsense.x"])
      expect(text).toContain(`broken.yml:${lineOf(part)}`);
    const request = await at().api<Problem>("POST", project.builds, {
      pipeline: "whole",
      inputs: { target: "moon", count: "many", more: 1 },
    });
    for (const part of ["moon", "many", "more"]) expect(request.body.detail).toContain(part);
  });

  it("refuses who has no right, and does not tell what there is", async () => {
    const { project } = given();
    const token = async (permissions: string[], more = {}) =>
      (await at().ok<{ token: string }>("POST", "tokens", { name: "test", permissions, ...more })).token;
    const other = await at().ok<{ id: string }>("POST", "projects", {
      name: `other-${Date.now()}`,
      repositoryUrl: given().repository,
    });
    const start = async (bearer: string | undefined) => {
      const headers: Record<string, string> = {
        authorization: bearer === undefined ? "" : `Bearer ${bearer}`,
      };
      return (await at().api<Problem>("POST", project.builds, { pipeline: "one" }, headers)).status;
    };
    expect(await start(undefined)).toBe(401);
    expect(await start("slw_wrong")).toBe(401);
    expect(await start(await token(["project:read"]))).toBe(403);
    const foreign = await start(await token(["project:write"], { project: other.id }));
    expect(foreign).toBe(404);
    const unknown = await at().api<Problem>("POST", "projects/nowhere/pipelines", { pipeline: "one" });
    expect([unknown.status, unknown.body.code]).toEqual([404, "NotFound"]);
    expect(await start(await token(["project:write"], { project: project.id }))).toBe(201);
  });

  it(
    "starts one build for one Idempotency-Key, and refuses it for another request",
    async () => {
      const { project } = given();
      const headers = { "idempotency-key": `key-${Date.now()}` };
      const start = (pipeline: string) =>
        at().api<{ id: string; code?: string }>("POST", project.builds, { pipeline }, headers);
      const [first, ...more] = await Promise.all([start("one"), start("one"), start("one")]);
      const ids = [first, ...more].flatMap(({ status, body }) => (status === 201 ? [body.id] : []));
      // Of those at once, one starts it; the others may be told to ask again.
      for (const { status } of [first, ...more]) expect([201, 409]).toContain(status);
      expect(new Set(ids).size).toBe(1);
      expect((await start("one")).body.id).toBe(ids[0]);
      expect(await start("loud")).toMatchObject({ status: 422, body: { code: "IdempotencyMismatch" } });
      await project.ended(ids[0] ?? "");
    },
    LIMIT_MS,
  );
}
