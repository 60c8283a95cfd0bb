import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { controlSuite } from "./control.suite.ts";
import { pathSuite } from "./path.suite.ts";
import { watchingSuite } from "./watching.suite.ts";
import { openWorld, type World } from "./world.ts";

describe("on roles of their own, PostgreSQL, RabbitMQ and S3", () => {
  let world: World;
  beforeAll(async () => {
    world = await openWorld("split");
  }, 120_000);
  afterAll(() => world.close(), 120_000);

  describe("the path of a build", () => pathSuite(() => world));
  describe("what is done to builds", () => controlSuite(() => world));
  describe("what a build shows", () => watchingSuite(() => world));

  it("takes a build while the queue is away, and runs it once when it is back", async () => {
    const { project, platform } = world;
    const { api, queueProxy } = platform;
    if (queueProxy === undefined) throw new Error("no proxy");
    queueProxy.cut();
    let id: string;
    try {
      const answer = await api.api<{ id: string; status: string; code?: string }>("POST", project.builds, {
        pipeline: "one",
      });
      expect([answer.status, answer.body.status]).toEqual([201, "pending"]);
      id = answer.body.id;
      expect((await api.api("GET", "/readyz")).status).toBe(503);
    } finally {
      queueProxy.resume();
    }
    const build = await project.ended(id);
    expect(build.status).toBe("succeeded");
    expect(build.jobs.map(({ attempt }) => attempt)).toEqual([1]);
    const once = (await project.log(await project.run("one"), "one")).length;
    expect((await project.log(build, "one")).length).toBe(once);
  }, 150_000);
});
