import { describe, expect, it } from "vitest";
import { FakeExecutor } from "../../executors/fake/fake-executor.ts";
import { executorChooser, parsePlatforms } from "./choose-executor.ts";

const local = new FakeExecutor();
const host = { platform: "linux" as const, arch: "x64" };

function choose(
  labels: readonly string[],
  more: { group?: string; mapped?: string[]; strict?: boolean } = {},
) {
  const chooser = executorChooser(local, host, parsePlatforms(more.mapped ?? []), more.strict ?? false);
  const group = more.group === undefined ? {} : { group: more.group };
  return chooser({ labels, ...group, container: false, services: false });
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

  it.each(["ubuntu-latest=node:20", "gpu", "=local"])("refuses --platform %s", (text) => {
    expect(() => parsePlatforms([text])).toThrow("--platform");
  });
});
