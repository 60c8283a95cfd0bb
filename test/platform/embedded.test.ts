import { afterAll, beforeAll, describe } from "vitest";
import { controlSuite } from "./control.suite.ts";
import { pathSuite } from "./path.suite.ts";
import { watchingSuite } from "./watching.suite.ts";
import { openWorld, type World } from "./world.ts";

describe("on one process", () => {
  let world: World;
  beforeAll(async () => {
    world = await openWorld("embedded");
  }, 60_000);
  afterAll(() => world.close(), 60_000);

  describe("the path of a build", () => pathSuite(() => world));
  describe("what is done to builds", () => controlSuite(() => world));
  describe("what a build shows", () => watchingSuite(() => world));
});
