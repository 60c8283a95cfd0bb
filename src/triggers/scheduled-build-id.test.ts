import { expect, it } from "vitest";
import { newId } from "../new-id.ts";
import { scheduledBuildId } from "./scheduled-build-id.ts";

const AT = Date.parse("2026-03-29T01:00:00Z");

it("is a UUID of version 7 of its time", () => {
  const id = scheduledBuildId("schedule", AT);
  expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(Number.parseInt(id.replace("-", "").slice(0, 12), 16)).toBe(AT);
  expect([newId(AT + 60_000), id].sort()[0]).toBe(id);
});

it("is the same for the same schedule and time, and another for any other", () => {
  expect(scheduledBuildId("schedule", AT)).toBe(scheduledBuildId("schedule", AT));
  const ids = new Set<string>();
  for (let schedule = 0; schedule < 100; schedule += 1) {
    for (let minute = 0; minute < 100; minute += 1) {
      ids.add(scheduledBuildId(`${schedule}`, AT + minute * 60_000));
    }
  }
  expect(ids.size).toBe(10_000);
});
