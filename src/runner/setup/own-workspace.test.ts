import { lstatSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import type { JobRequest } from "../../protocol/job-request.ts";
import { jobOf, recordJob } from "../testing/record-job.ts";
import { ownWorkspace } from "./own-workspace.ts";

const asRoot = it.skipIf(process.getuid?.() !== 0);
const OWNER = { uid: 12_345, gid: 23_456 };
let folder: string;
let workspace: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "owner-"));
  workspace = join(folder, "work");
  mkdirSync(join(workspace, "deep", "er"), { recursive: true });
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function request(workspaceOwner: JobRequest["workspaceOwner"]): JobRequest {
  return { workspaceOwner, directories: { workspace } } as unknown as JobRequest;
}
const ownerOf = (path: string) => {
  const { uid, gid } = lstatSync(path);
  return { uid, gid };
};

asRoot(
  "gives everything in the workspace to its owner, links themselves and nothing that they lead to",
  async () => {
    writeFileSync(join(workspace, "deep/er/file"), "");
    mkdirSync(join(folder, "outside"));
    writeFileSync(join(folder, "outside/file"), "");
    symlinkSync(join(folder, "outside"), join(workspace, "link"));
    symlinkSync("/no/such", join(workspace, "broken"));
    expect(await ownWorkspace(request(OWNER), 0)).toBeUndefined();
    for (const path of [".", "deep", "deep/er", "deep/er/file", "link", "broken"]) {
      expect(ownerOf(join(workspace, path)), path).toEqual(OWNER);
    }
    for (const path of ["outside", "outside/file"])
      expect(ownerOf(join(folder, path))).toEqual({ uid: 0, gid: 0 });
  },
);

asRoot("of a large tree takes little time, and lets others run meanwhile", async () => {
  for (let i = 0; i < 20; i++) {
    mkdirSync(join(workspace, `${i}`));
    for (let j = 0; j < 500; j++) writeFileSync(join(workspace, `${i}`, `${j}`), "");
  }
  let turns = 0;
  const timer = setInterval(() => turns++, 1);
  await ownWorkspace(request(OWNER), 0);
  clearInterval(timer);
  expect(turns).toBeGreaterThan(0);
  expect(ownerOf(join(workspace, "19/499"))).toEqual(OWNER);
});

asRoot("says what it could not do", async () => {
  rmSync(workspace, { recursive: true });
  expect(await ownWorkspace(request(OWNER), 0)).toMatch(
    /^Not all of the workspace could be given to user 12345: ENOENT.*work'$/,
  );
});

asRoot.each([
  ["nobody is named", undefined, 0],
  ["the runner is not root", OWNER, 1000],
] as const)("does nothing where %s", async (_, owner, user) => {
  expect(await ownWorkspace(request(owner), user)).toBeUndefined();
  expect(ownerOf(workspace)).toEqual({ uid: 0, gid: 0 });
});

asRoot("is done when a job has ended", async () => {
  let owner: unknown;
  await recordJob(jobOf("- run: echo a > made"), {
    request: { workspaceOwner: OWNER },
    after: ({ directories }) => {
      owner = ownerOf(join(directories.workspace, "made"));
    },
  });
  expect(owner).toEqual(OWNER);
});
