import { describe, expect, it } from "vitest";
import type { JobNeeds } from "../../executors/executor.ts";
import { FakeExecutor } from "../../executors/fake/fake-executor.ts";
import { executorChooser } from "./choose-executor.ts";
import { parsePlatforms } from "./platforms.ts";

const local = new FakeExecutor();
const containers = new FakeExecutor();
const beside = new FakeExecutor();
const host = { platform: "linux" as const, arch: "x64" };

function choose(
  labels: readonly string[],
  more: { group?: string; mapped?: string[]; strict?: boolean; needs?: Partial<JobNeeds> } = {},
) {
  const chooser = executorChooser({
    local,
    containers,
    beside,
    host,
    platforms: parsePlatforms(more.mapped ?? []),
    strict: more.strict ?? false,
  });
  const group = more.group === undefined ? {} : { group: more.group };
  return chooser({ labels, ...group, container: false, services: false, ...more.needs });
}

describe("executorChooser", () => {
  it.each([[["ubuntu-latest"]], [["ubuntu-22.04"]], [["self-hosted", "linux", "x64"]], [["Linux"]]])(
    "runs %j here",
    (labels) => {
      expect(choose(labels)).toBe(local);
    },
  );

  it.each([[["macos-latest"]], [["windows-2022"]], [["self-hosted", "gpu"]], [["arm64"]]])(
    "skips %j with the reason and the way out",
    (labels) => {
      const foreign = labels.at(-1);
      expect(choose(labels)).toEqual({ skip: expect.stringContaining(`-P ${foreign}=local`) });
    },
  );

  it("runs what --platform says belongs here, without regard to case", () => {
    expect(choose(["macOS-latest"], { mapped: ["macos-latest=local"] })).toBe(local);
    expect(choose(["self-hosted", "gpu"], { mapped: ["GPU=-self-hosted"] })).toBe(local);
    expect(choose([], { group: "big", mapped: ["big=host"] })).toBe(local);
    expect(choose([], { group: "big" })).toEqual({ skip: expect.stringContaining("big") });
  });

  it("fails what it would skip, where it is to be strict", () => {
    expect(choose(["gpu"], { strict: true })).toEqual({ fail: expect.stringContaining("gpu") });
  });

  it.each([["ubuntu-latest"], ["Windows-2022"]])(
    "runs jobs for %s in the image that stands for it",
    (label) => {
      const mapped = ["windows-2022=win", "ubuntu-latest=docker://node:24"];
      expect(choose([label], { mapped })).toBe(containers);
      expect(choose(["self-hosted"], { mapped })).toBe(local);
    },
  );

  it("takes the last of two places for one label", () => {
    expect(choose(["gpu"], { mapped: ["gpu=a", "GPU=local"] })).toBe(local);
    expect(choose(["gpu"], { mapped: ["gpu=local", "gpu=a"] })).toBe(containers);
  });

  it("runs a job with an image of its own in it, wherever its label leads, but not for another kind of machine", () => {
    const needs = { container: true };
    expect(choose(["ubuntu-latest"], { needs })).toBe(containers);
    expect(choose(["gpu"], { needs, mapped: ["gpu=local"] })).toBe(containers);
    expect(choose(["windows-2022"], { needs })).toEqual({ skip: expect.stringContaining("windows-2022") });
  });

  it.each([{ services: true }, { stepContainers: true }])("puts containers beside a job with %j", (needs) => {
    expect(choose(["ubuntu-latest"], { needs })).toBe(beside);
    expect(choose(["ubuntu-latest"], { needs: { ...needs, container: true } })).toBe(containers);
    expect(choose(["ubuntu-latest"], { needs, mapped: ["ubuntu-latest=a"] })).toBe(containers);
  });

  it("keeps the image as it is written", () => {
    const { images } = parsePlatforms(["Big=reg.example:5000/Team/img@sha256:ab", "a=b=node:24"]);
    expect([...images]).toEqual([
      ["big", "reg.example:5000/Team/img@sha256:ab"],
      ["a=b", "node:24"],
    ]);
  });

  it.each(["gpu", "=local", "gpu=", "gpu=a b", "gpu=--privileged"])("refuses --platform %s", (text) => {
    expect(() => parsePlatforms([text])).toThrow("--platform");
  });
});
