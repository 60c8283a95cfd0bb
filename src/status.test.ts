import { describe, expect, it } from "vitest";
import { isFinal, isLegalMove, type Status, statusOfConclusion } from "./status.ts";

const ALL: readonly Status[] = [
  "pending",
  "queued",
  "waiting",
  "running",
  "succeeded",
  "failed",
  "cancelled",
  "skipped",
];

describe("the states of builds, jobs and steps", () => {
  it.each([
    ["pending", "queued"],
    ["queued", "running"],
    ["waiting", "running"],
    ["running", "succeeded"],
    ["running", "cancelled"],
    ["pending", "skipped"],
  ] as const)("go from %s to %s", (from, to) => {
    expect(isLegalMove(from, to)).toBe(true);
  });

  it.each([
    ["queued", "pending"],
    ["running", "queued"],
    ["running", "skipped"],
    ["queued", "succeeded"],
  ] as const)("never go from %s to %s", (from, to) => {
    expect(isLegalMove(from, to)).toBe(false);
  });

  it("never move to themselves, and never out of a final state", () => {
    for (const from of ALL) {
      expect(isLegalMove(from, from)).toBe(false);
      if (isFinal(from)) expect(ALL.filter((to) => isLegalMove(from, to))).toEqual([]);
    }
    expect(ALL.filter(isFinal)).toEqual(["succeeded", "failed", "cancelled", "skipped"]);
  });

  it("are reached by the words GitHub's contexts use", () => {
    expect((["success", "failure", "cancelled", "skipped"] as const).map(statusOfConclusion)).toEqual(
      ALL.filter(isFinal),
    );
  });
});
