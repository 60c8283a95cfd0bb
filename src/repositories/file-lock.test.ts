import { spawn } from "node:child_process";
import { once } from "node:events";
import { afterEach, beforeEach, expect, it } from "vitest";
import { systemClock } from "../clock.ts";
import { FakeClock } from "../fake-clock.ts";
import { TestFolder } from "../runner/git/repository.fixture.ts";
import { withFileLock } from "./file-lock.ts";

let folder: TestFolder;
beforeEach(() => {
  folder = new TestFolder();
});
afterEach(() => folder.remove());

const options = { clock: systemClock, waitMs: 30_000 };

it("lets one at a time in", async () => {
  let inside = 0;
  let most = 0;
  const enter = () =>
    withFileLock(folder.join("locks", "a"), options, async () => {
      most = Math.max(most, ++inside);
      await new Promise(setImmediate);
      inside--;
    });
  await Promise.all(Array.from({ length: 5 }, enter));
  expect(most).toBe(1);
});

it("is free again after work that fails", async () => {
  const path = folder.join("a");
  await expect(withFileLock(path, options, () => Promise.reject(new Error("no")))).rejects.toThrow("no");
  expect(await withFileLock(path, options, async () => "in")).toBe("in");
});

it("gives up where another holds it for too long", async () => {
  const path = folder.join("a");
  const clock = new FakeClock();
  await withFileLock(path, options, async () => {
    const waiting = withFileLock(path, { clock, waitMs: 1_000 }, async () => "in");
    let settled = false;
    const outcome = waiting
      .catch((error: unknown) => error)
      .finally(() => {
        settled = true;
      });
    while (!settled) {
      clock.advance(100);
      await new Promise(setImmediate);
    }
    expect(await outcome).toMatchObject({ code: "Transient" });
  });
});

it("is freed by the death of the process that holds it", async () => {
  const path = folder.join("a");
  const script = `
    const { DatabaseSync } = require("node:sqlite");
    const database = new DatabaseSync(${JSON.stringify(path)});
    database.exec("BEGIN EXCLUSIVE");
    console.log("held");
    setInterval(() => database.isOpen, 1000);
  `;
  const child = spawn(process.execPath, ["-e", script], { stdio: ["ignore", "pipe", "ignore"] });
  await once(child.stdout, "data");
  await expect(withFileLock(path, { clock: systemClock, waitMs: 0 }, async () => "in")).rejects.toMatchObject(
    { code: "Transient" },
  );
  child.kill("SIGKILL");
  expect(await withFileLock(path, options, async () => "in")).toBe("in");
});
