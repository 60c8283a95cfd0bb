import { expect, test } from "vitest";
import { JobSlots } from "./job-slots.ts";
import { fakeBuild } from "./testing/fake-build.ts";

test("slots let in as many as there is room for, in the order they came", () => {
  const slots = new JobSlots(2);
  const log: string[] = [];
  const [leaveA, , leaveC] = ["a", "b", "c", "d"].map((name) => slots.take(() => log.push(name)));
  expect(log).toEqual(["a", "b"]);
  leaveC?.();
  leaveA?.();
  leaveA?.();
  expect(log).toEqual(["a", "b", "d"]);
});

test("a build never runs more jobs at once than it may", async () => {
  const jobs = Array.from({ length: 9 }, (_, index) => `j${index}: { run: exit 0 }`).join(", ");
  const build = await fakeBuild(`{ jobs: { ${jobs} } }`, { maxJobs: 3 });
  expect(build.executor.peak).toBe(3);
  expect(build.executor.requests).toHaveLength(9);
});
