import { existsSync, mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { systemClock } from "../../clock.ts";
import { JobNames } from "./job-names.ts";
import { socketFolderName } from "./socket-folder-name.ts";
import { sweepSocketFolders } from "./sweep-socket-folders.ts";

const HOUR_MS = 3_600_000;
let socketFolder: string;
beforeEach(() => {
  socketFolder = mkdtempSync(join(tmpdir(), "slipway-sockets-"));
});
afterEach(() => rmSync(socketFolder, { recursive: true, force: true }));

function folderOf(names: JobNames, ageMs: number): string {
  const path = join(socketFolder, socketFolderName(names));
  mkdirSync(path);
  writeFileSync(join(path, "8080.sock"), "");
  const made = (Date.now() - ageMs) / 1000;
  utimesSync(path, made, made);
  return path;
}
const namesOf = (jobKey: string) => new JobNames("here", { buildId: "b", jobKey, attempt: 1 });
const sweep = (...jobs: JobNames[]) =>
  sweepSocketFolders(
    { socketFolder, installation: "here", clock: systemClock },
    { listContainers: async () => jobs.map((names) => ({ id: names.job, labels: names.labels("job") })) },
  );

describe("folders of sockets", () => {
  it("go with the job that a worker which crashed had them for, and no others do", async () => {
    const [left, runs, begins] = [namesOf("left"), namesOf("runs"), namesOf("begins")];
    const paths = [folderOf(left, HOUR_MS), folderOf(runs, HOUR_MS), folderOf(begins, 1_000)];
    const own = join(socketFolder, "something else");
    mkdirSync(own);
    utimesSync(own, 0, 0);
    await sweep(runs);
    expect([...paths, own].map((path) => existsSync(path))).toEqual([false, true, true, true]);
  });

  it("may not be there at all", async () => {
    rmSync(socketFolder, { recursive: true });
    await expect(sweep()).resolves.toBeUndefined();
  });
});
