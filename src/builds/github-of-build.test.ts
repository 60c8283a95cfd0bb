import { expect, it } from "vitest";
import { githubOfBuild } from "./github-of-build.ts";

it("says which run and which attempt it is, as texts, whatever the snapshot says", () => {
  const github = { event_name: "push", run_attempt: "1", actor: "ann" };
  expect(githubOfBuild({ runId: 4711, number: 12, attempt: 3 }, github)).toEqual({
    event_name: "push",
    actor: "ann",
    run_id: "4711",
    run_number: "12",
    run_attempt: "3",
  });
});
