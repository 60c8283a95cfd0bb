import { fork } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { newRunId, nextRunNumber } from "./next-run-number.ts";

let state = "";

beforeEach(() => {
  state = mkdtempSync(join(tmpdir(), "slipway-state-"));
});
afterEach(() => rmSync(state, { recursive: true, force: true }));

describe("nextRunNumber", () => {
  it("counts from 1, each pipeline of each repository by itself", () => {
    expect([1, 2, 3].map((id) => nextRunNumber(state, "a/b", "ci.yml", `${id}`))).toEqual([1, 2, 3]);
    expect(nextRunNumber(state, "a/b", "other.yml", "4")).toBe(1);
    expect(nextRunNumber(state, "a/c", "ci.yml", "5")).toBe(1);
  });

  it("gives no number twice to processes that ask at once", async () => {
    const script = join(state, "ask.ts");
    const module = new URL("./next-run-number.ts", import.meta.url).href;
    writeFileSync(
      script,
      `import { nextRunNumber } from ${JSON.stringify(module)};
      const numbers = Array.from({ length: 50 }, (_, n) => nextRunNumber(${JSON.stringify(state)}, "a/b", "ci.yml", process.pid + "-" + n));
      process.send(numbers);`,
    );
    const ask = () =>
      new Promise<number[]>((resolve, reject) => {
        const child = fork(script, { execArgv: [] });
        child.on("message", (numbers) => resolve(numbers as number[]));
        child.on("error", reject);
      });
    const numbers = (await Promise.all([ask(), ask(), ask()])).flat();
    expect(numbers.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 150 }, (_, index) => index + 1));
  });

  it("is 1 where nothing can be written", () => {
    writeFileSync(join(state, "file"), "");
    expect(nextRunNumber(join(state, "file"), "a/b", "ci.yml", "1")).toBe(1);
  });
});

describe("newRunId", () => {
  it("is an integer that JavaScript holds exactly, other for each pipeline and process", () => {
    const now = Date.UTC(2026, 0, 1);
    const ids = [newRunId(now, 1, 0), newRunId(now, 1, 1), newRunId(now, 77, 0), newRunId(now + 1, 1, 0)];
    expect(new Set(ids).size).toBe(4);
    for (const id of ids) expect(Number.isSafeInteger(Number(id))).toBe(true);
  });
});
