import { describe, expect, it } from "vitest";
import { suggest } from "./suggest.ts";

const keys = ["runs-on", "run", "uses", "steps", "timeout-minutes", "needs", "on", "env"];
const events = ["push", "pull_request", "pull_request_target", "public", "watch"];

describe("suggest", () => {
  it.each([
    ["runs", keys, "run"],
    ["run-on", keys, "runs-on"],
    ["runs_on", keys, "runs-on"],
    ["RUNS-ON", keys, "runs-on"],
    ["stpes", keys, "steps"],
    ["timeout-minute", keys, "timeout-minutes"],
    ["timout-minutes", keys, "timeout-minutes"],
    ["pul_request", events, "pull_request"],
    ["pull-request", events, "pull_request"],
    ["pusj", events, "push"],
    ["psuh", events, "push"],
  ])("finds what was meant by %s", (word, candidates, meant) => {
    expect(suggest(word, candidates)).toBe(meant);
  });

  it.each([
    ["kubernetes", keys],
    ["x", keys],
    ["", keys],
    ["   ", keys],
    ["ab", ["cd"]],
    ["a", ["b"]],
    ["if", ["on"]],
    ["y".repeat(100), ["y".repeat(99)]],
  ])("suggests nothing for %s", (word, candidates) => {
    expect(suggest(word, candidates)).toBeUndefined();
  });

  it("never suggests the word itself", () => {
    expect(suggest("push", ["push"])).toBeUndefined();
  });

  it("prefers the nearest, and the first of equally near ones", () => {
    expect(suggest("buildx", ["builds", "build", "buildy"])).toBe("builds");
    expect(suggest("tests", ["text", "test"])).toBe("test");
  });
});
