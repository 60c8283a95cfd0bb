import { expect, test } from "vitest";
import { OutputLimits } from "./output-limits.ts";

const MB = 1024 ** 2;
const end = (characters: number, outcome: "success" | "cancelled" = "success") => ({
  outcome,
  outputs: { o: "x".repeat(characters - 1) },
});

test.each([
  ["half a megabyte of characters is a megabyte", end(MB / 2), undefined],
  ["one more is too much", end(MB / 2 + 1), "Its outputs are 1.0 MB, a job may have 1.0 MB."],
])("%s", (_what, given, error) => {
  const taken = new OutputLimits().take(given);
  if (error === undefined) expect(taken).toBe(given);
  else expect(taken).toEqual({ outcome: "failure", outputs: {}, error });
});

test("a cancelled job stays cancelled, and an error of its own is told first", () => {
  const taken = new OutputLimits().take({ ...end(MB, "cancelled"), error: "mine" });
  expect(taken).toMatchObject({ outcome: "cancelled", outputs: {} });
  expect(taken.error).toBe("mine\nIts outputs are 2.0 MB, a job may have 1.0 MB.");
});

test("all jobs of a build together have fifty megabytes; what was refused does not count", () => {
  const limits = new OutputLimits();
  const job = end(MB / 2);
  for (let count = 1; count <= 50; count++) expect(limits.take(job)).toBe(job);
  expect(limits.take(end(2))).toMatchObject({
    outcome: "failure",
    error: "With its outputs those of the build are 50.0 MB, a build may have 50.0 MB.",
  });
  const none = { outcome: "success", outputs: {} } as const;
  expect(limits.take(none)).toBe(none);
});
