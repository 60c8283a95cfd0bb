import { describe, expect, it } from "vitest";
import type { BuildEvent } from "../../builds/build-event.ts";
import { hideInEvent, secretHider } from "./hide-secrets.ts";

const hide = await secretHider(["hunter2secret", "two\nlines"]);
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

  it("hides secrets in what is inside a field, but not in the keys of other jobs", () => {
    const event: BuildEvent = {
      ...header,
      type: "job.added",
      job: "test[0]",
      jobId: "test",
      name: "test",
      needs: ["hunter2secret"],
      kind: "job",
      matrix: { image: ["a", { tag: "x-hunter2secret" }], count: 2, none: null },
    };
    expect(hideInEvent(event, hide)).toEqual({
      ...event,
      matrix: { image: ["a", { tag: "x-***" }], count: 2, none: null },
    });
    const plain: BuildEvent = { ...event, matrix: { image: ["a", { tag: "b" }] } };
    expect(hideInEvent(plain, hide)).toBe(plain);
  });
});

describe("secretHider", () => {
  it.each([
    ["as it is", "hunter2secret"],
    ["in base64", Buffer.from("hunter2secret").toString("base64")],
    ["in hex", Buffer.from("hunter2secret").toString("hex")],
    ["one of its lines", "lines"],
  ])("hides a secret %s", (_, text) => {
    expect(hide(`<${text}>`)).toBe("<***>");
  });

  it.each([[[]], [["", " \n"]]])("changes nothing where the secrets are %j", async (secrets) => {
    expect((await secretHider(secrets))("a b\n")).toBe("a b\n");
  });
});
