import type { Event } from "kubernetes-types/core/v1.js";
import { expect, it } from "vitest";
import { eventNotes, eventProblem, withoutComingSecret } from "./pod-events.ts";

const missing = (secret: string): Event => ({
  metadata: { name: `e-${secret}`, namespace: "ci" },
  involvedObject: {},
  type: "Warning",
  reason: "FailedMount",
  message: `MountVolume.SetUp failed for volume "v" : secret "${secret}" not found`,
});

it("leaves out what a node says of the job's own Secret, and of no other", () => {
  const events = withoutComingSecret(
    [missing("build-1-request"), missing("of-the-class")],
    "build-1-request",
  );
  expect(eventNotes(events)).toEqual([
    'Kubernetes: FailedMount: MountVolume.SetUp failed for volume "v" : secret "of-the-class" not found',
  ]);
  expect(eventProblem(events, 1_000)).toMatchObject({ key: "volume" });
  expect(
    eventProblem(withoutComingSecret([missing("build-1-request")], "build-1-request"), 1_000),
  ).toBeUndefined();
});
