import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { JobFolders, type JobFoldersOptions } from "./job-folders.ts";

let temp = "";

beforeEach(() => {
  temp = mkdtempSync(join(tmpdir(), "slipway-folders-"));
});
afterEach(() => rmSync(temp, { recursive: true, force: true }));

function folders(more: Partial<JobFoldersOptions> = {}): JobFolders {
  return new JobFolders({
    temp,
    toolCache: "/t",
    actionCache: "/a",
    name: "my app",
    bound: undefined,
    memory: undefined,
    keep: false,
    ...more,
  });
}

function placed(jobKey: string, attempt = 1) {
  return { jobKey, jobId: jobKey, displayName: jobKey, attempt };
}

/** As the runner does. */
function make({ workspace, temp }: { readonly workspace: string; readonly temp: string }): void {
  for (const folder of [workspace, temp]) mkdirSync(folder, { recursive: true });
}

describe("JobFolders", () => {
  it("gives each job, attempt and build folders of its own, named after the repository", () => {
    const all = folders();
    const keys = ["test[0]", "test[1]", "a/b", "a-b", "../../etc", "日本"];
    const workspaces = [
      ...keys.map((key) => all.directoriesFor("1", placed(key)).workspace),
      all.directoriesFor("1", placed("a-b", 2)).workspace,
      all.directoriesFor("2", placed("a-b")).workspace,
    ];
    expect(new Set(workspaces).size).toBe(8);
    for (const workspace of workspaces) {
      expect(workspace.startsWith(`${all.root}/`)).toBe(true);
      expect(workspace).not.toContain("..");
      expect(workspace).toMatch(/\/my-app-[0-9a-f]{8}$/);
    }
  });

  it("removes a job's folders when it has ended, also where they cannot be written", async () => {
    const all = folders();
    const { workspace } = all.directoriesFor("1", placed("a"));
    mkdirSync(join(workspace, "locked"), { recursive: true });
    writeFileSync(join(workspace, "locked/file"), "");
    chmodSync(join(workspace, "locked"), 0o500);
    all.release("1", "a");
    await all.close();
    expect(existsSync(all.root)).toBe(false);
  });

  it("gives all jobs of a build that say so one workspace, which goes with the build", async () => {
    const all = folders();
    const a = all.directoriesFor("1:1", { ...placed("a"), sharedBy: "1" });
    const b = all.directoriesFor("1:2", { ...placed("b"), sharedBy: "1" });
    const other = all.directoriesFor("2:1", { ...placed("a"), sharedBy: "2" });
    expect(b.workspace).toBe(a.workspace);
    expect(b.temp).not.toBe(a.temp);
    expect(other.workspace).not.toBe(a.workspace);
    for (const { workspace, temp: temporary } of [a, b, other]) {
      mkdirSync(workspace, { recursive: true });
      mkdirSync(temporary, { recursive: true });
    }
    all.release("1:1", "a");
    all.release("1:2", "b");
    expect(existsSync(a.workspace)).toBe(true);
    // Its folders are as new, but are no place for a job that shares nothing.
    expect(all.directoriesFor("3:1", placed("c")).workspace).not.toBe(a.workspace);
    await all.releaseBuild("1");
    expect([a, other].map(({ workspace }) => existsSync(workspace))).toEqual([false, true]);
    await all.close();
    expect(existsSync(other.workspace)).toBe(false);
  });

  it("keeps everything where it is asked to", async () => {
    const all = folders({ keep: true });
    const { workspace } = all.directoriesFor("1", placed("a"));
    mkdirSync(workspace, { recursive: true });
    all.release("1", "a");
    await all.close();
    expect(existsSync(workspace)).toBe(true);
  });

  it("never removes a work tree that jobs are bound to", async () => {
    const bound = join(temp, "tree");
    mkdirSync(bound);
    const all = folders({ bound });
    expect(all.directoriesFor("1", placed("a")).workspace).toBe(bound);
    all.release("1", "a");
    await all.close();
    expect(existsSync(bound)).toBe(true);
    expect(existsSync(all.root)).toBe(false);
  });

  it("gives folders that a job left as it found them to the next job", () => {
    const all = folders({ memory: join(temp, "memory") });
    const first = all.directoriesFor("1", placed("a"));
    const beside = all.directoriesFor("1", placed("b"));
    make(first);
    all.release("1", "a");
    expect(all.directoriesFor("2", placed("c"))).toEqual(first);
    expect(all.directoriesFor("2", placed("d")).temp).not.toBe(beside.temp);
  });

  it.each<[string, (workspace: string, temp: string) => void]>([
    ["a file in the workspace", (workspace) => writeFileSync(join(workspace, "left"), "")],
    ["a file in the temporary folder", (_, temp) => writeFileSync(join(temp, "left"), "")],
    ["a file beside the two", (workspace) => writeFileSync(join(dirname(workspace), "left"), "")],
    ["a workspace that others may not enter", (workspace) => chmodSync(workspace, 0o700)],
    ["a temporary folder that everybody may write to", (_, temp) => chmodSync(temp, 0o777)],
    ["no workspace", (workspace) => rmdirSync(workspace)],
    ["no temporary folder", (_, temp) => rmdirSync(temp)],
    [
      "a link in place of the workspace",
      (workspace, temp) => {
        rmdirSync(workspace);
        symlinkSync(temp, workspace);
      },
    ],
  ])("gives no other job the folders of one that left %s, and removes them", async (_, leave) => {
    const all = folders();
    const first = all.directoriesFor("1", placed("a"));
    make(first);
    leave(first.workspace, first.temp);
    all.release("1", "a");
    expect(all.directoriesFor("1", placed("b")).workspace).not.toBe(first.workspace);
    await all.close();
    expect(existsSync(first.temp)).toBe(false);
  });
});
