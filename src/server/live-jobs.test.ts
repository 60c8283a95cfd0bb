import { expect, it } from "vitest";
import { ExecError } from "../errors.ts";
import type { JobRecord } from "../store/job-record.ts";
import { liveJobs } from "./live-jobs.ts";

const record = (key: string, attempt: number, status: JobRecord["status"]) =>
  ({ key, attempt, status }) as JobRecord;

it("knows an attempt as live from its record until it has ended", async () => {
  const isLive = liveJobs({
    jobs: async (buildId) => {
      if (buildId === "gone") throw new ExecError("NotFound", "no such build");
      if (buildId === "away") throw new ExecError("Transient", "no records");
      return [record("a", 1, "failed"), record("a", 2, "running"), record("b", 1, "queued")];
    },
  });
  const asked = (buildId: string, jobKey: string, attempt: number) => isLive({ buildId, jobKey, attempt });
  expect(await Promise.all([asked("b", "a", 1), asked("b", "a", 2), asked("b", "b", 1)])).toEqual([
    false,
    true,
    true,
  ]);
  expect(await Promise.all([asked("b", "c", 1), asked("b", "a", 3), asked("gone", "a", 2)])).toEqual([
    false,
    false,
    false,
  ]);
  // Who cannot ask must not conclude that nobody waits.
  await expect(asked("away", "a", 2)).rejects.toThrow("no records");
});
