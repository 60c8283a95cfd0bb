import { describe, expect, it } from "vitest";
import type { BuildEvent } from "../../builds/build-event.ts";
import { hideInEvent, secretHider } from "./hide-secrets.ts";

const hide = secretHider(["hunter2secret", "two\nlines"]);
const header = { v: 1, seq: 1, at: 0, buildId: "b" } as const;

describe("hideInEvent", () => {
  it("hides secrets in every text of an event, also one it knows nothing of", () => {
    const event: BuildEvent = {
      ...header,
      type: "step.added",
      job: "test",
      step: 1,
      name: "Run actions/hunter2secret@v1",
      stage: "main",
      action: "actions/hunter2secret@v1",
      background: false,
    };
    expect(hideInEvent({ ...event, later: "hunter2secret" } as BuildEvent, hide)).toMatchObject({
      name: "Run actions/***@v1",
      action: "actions/***@v1",
      later: "***",
    });
  });

  it("leaves the keys by which events refer to each other, and what has no secret", () => {
    const event: BuildEvent = { ...header, type: "job.waiting", job: "hunter2secret", reason: "two" };
    expect(hideInEvent(event, hide)).toEqual({ ...event, reason: "***" });
    const plain: BuildEvent = { ...header, type: "job.waiting", job: "a", reason: "waits" };
    expect(hideInEvent(plain, hide)).toBe(plain);
  });
});
