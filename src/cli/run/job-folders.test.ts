import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
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
});
