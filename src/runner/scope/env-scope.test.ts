import { expect, test } from "vitest";
import { DeferredEnv, JobEnv } from "./env-scope.ts";

test("values are the same object until something is set", () => {
  const env = new JobEnv();
  env.set("A", "1");
  const before = env.values();
  expect(env.values()).toBe(before);
  env.set("A", "2");
  expect([before, env.values()]).toEqual([{ A: "1" }, { A: "2" }]);
});

test("a path that is added again moves to the end", () => {
  const env = new JobEnv();
  for (const path of ["/a", "/b", "/a"]) env.addPath(path);
  expect(env.paths()).toEqual(["/b", "/a"]);
});

test("a background step sees the job's changes and its own, the job sees them when it was waited for", () => {
  const job = new JobEnv();
  job.set("SHARED", "job");
  job.addPath("/job");
  const step = new DeferredEnv(job);
  step.set("SHARED", "step");
  step.addPath("/step");
  job.set("LATER", "yes");
  expect(step.values()).toEqual({ SHARED: "step", LATER: "yes" });
  expect(step.paths()).toEqual(["/job", "/step"]);
  expect(job.values()).toEqual({ SHARED: "job", LATER: "yes" });
  expect(job.paths()).toEqual(["/job"]);
  step.flush();
  expect(job.values()).toEqual({ SHARED: "step", LATER: "yes" });
  expect(job.paths()).toEqual(["/job", "/step"]);
});
