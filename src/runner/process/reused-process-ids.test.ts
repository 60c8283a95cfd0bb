import { randomUUID } from "node:crypto";
import { expect, test, vi } from "vitest";
import { newestProcessId } from "./process-table.ts";
import { createProcessTracker } from "./process-tracker.ts";
import { runProcess } from "./run-process.ts";

vi.mock("./process-table.ts", async (original) => {
  const real = await original<typeof import("./process-table.ts")>();
  return { ...real, newestProcessId: vi.fn(real.newestProcessId) };
});

test("what a job leaves is found although process ids began again from below since it began", async () => {
  vi.mocked(newestProcessId).mockReturnValueOnce(2 ** 22);
  const tracker = createProcessTracker(`github_${randomUUID()}`);
  let printed = "";
  await runProcess({
    file: "/bin/bash",
    args: ["-c", "sleep 1000 >/dev/null 2>&1 & echo $!"],
    cwd: "/",
    env: { PATH: "/usr/local/bin:/usr/bin:/bin", ...tracker.env },
    signal: new AbortController().signal,
    tracker,
    onOutput: (chunk) => {
      printed += Buffer.from(chunk).toString();
    },
  });
  const killed = await tracker.killLeftovers();
  expect(killed.map(({ pid }) => pid)).toEqual([Number(printed)]);
});
