// What can happen to the folder of a server on the embedded default: it fills up, or another process has its records.
import { execFileSync, spawnSync } from "node:child_process";
import { closeSync, mkdirSync, openSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, it } from "vitest";
import { TestServer, waitFor } from "../support/server.ts";
import { Sandbox, slipway } from "../support/slipway.ts";
import { countTo, jobOf, numbersOf, Project, printing } from "./survival.fixture.ts";

const LINES = 150;
const PIPELINE = `
on: workflow_dispatch
jobs:
  count:
    runs-on: ubuntu-latest
    steps: [{ name: count, run: ${JSON.stringify(printing("count", LINES, 0.05))} }]
`;
const QUICK = `
on: workflow_dispatch
jobs: { count: { runs-on: ubuntu-latest, steps: [{ name: count, run: ${JSON.stringify(printing("count", 5))} }] } }
`;
const MIB = 1024 * 1024;

/** A way to leave a server no room, and to give it some again. */
interface Disk extends Disposable {
  fill(server: TestServer): void;
  free(server: TestServer): void;
}

/** A small disk of its own in memory, where this user may mount one; else see `limitedFiles`. */
function smallDisk(path: string): Disk {
  const mounted = spawnSync("mount", ["-t", "tmpfs", "-o", "size=64m,mode=0700", "tmpfs", path]);
  if (mounted.status !== 0) return limitedFiles();
  const filler = join(path, "filler");
  return {
    fill() {
      const file = openSync(filler, "w");
      try {
        // Smaller and smaller, until not a byte goes in.
        for (const size of [MIB, 4096, 1]) {
          try {
            for (;;) writeSync(file, Buffer.alloc(size));
          } catch {}
        }
      } finally {
        closeSync(file);
      }
    },
    free: () => rmSync(filler),
    // Lazily: a process that is just ending may still have a file of it open.
    [Symbol.dispose]: () => void execFileSync("umount", ["-l", path]),
  };
}

/** Without the right to mount: no file of the server may grow beyond 64 KiB (`EFBIG`), by the limit of its process. */
function limitedFiles(): Disk {
  const limit = ({ pid }: TestServer, bytes: string) =>
    void execFileSync("prlimit", ["--pid", `${pid}`, `--fsize=${bytes}:`]);
  return {
    fill: (server) => limit(server, "65536"),
    free: (server) => limit(server, "unlimited"),
    [Symbol.dispose]() {},
  };
}

it.concurrent.each([
  ["a full disk", smallDisk],
  ["files that may not grow", limitedFiles],
])(
  "a server survives %s: it says so, builds wait, and go on when there is room",
  async (_, open) => {
    using sandbox = new Sandbox();
    const data = sandbox.join("data");
    mkdirSync(data);
    using disk = open(data);
    const server = await TestServer.start({ folder: sandbox.path });
    try {
      const project = await Project.add(server, sandbox, "long", PIPELINE);
      const quick = await Project.add(server, sandbox, "quick", QUICK);
      const id = await project.start();
      await project.running([id]);

      disk.fill(server);
      const variables = { LARGE: "x".repeat(50_000) };
      let refusal: { status: number; body: { detail: string; code: string } } | undefined;
      await waitFor(async () => {
        const answer = await server.api<{ detail: string; code: string }>(
          "POST",
          `projects/${quick.id}/pipelines`,
          { variables },
        );
        if (answer.status !== 201) refusal = answer;
        return refusal !== undefined;
      });
      expect([503, 507]).toContain(refusal?.status);
      expect(refusal?.body.detail).toMatch(/disk is full|cannot grow|no space|too large|disk I\/O/i);
      // What is logged is what waits, not what is lost.
      await waitFor(() => /cannot write logs now|cannot be reached, a build waits/.test(server.stderr));
      expect((await server.fetch("/healthz")).status).toBe(200);
      expect((await project.build(id)).status).toBe("running");

      disk.free(server);
      const [build] = await project.ended([id]);
      if (build === undefined) throw new Error("no build");
      expect(build.status, JSON.stringify(build)).toBe("succeeded");
      const step = jobOf(build, "count").steps.find(({ name }) => name === "count");
      expect(step && numbersOf(await project.log(step), "count")).toEqual(countTo(LINES));
      const [later] = await quick.ended([await quick.start()]);
      expect(later?.status, JSON.stringify(later)).toBe("succeeded");
      const all = await quick.ended([...(await quick.statuses()).keys()]);
      // Those that were begun with no room for their files failed with words for it, or waited.
      for (const each of all) {
        if (each.status === "succeeded") continue;
        const why = [each.error, ...each.jobs.map(({ error }) => error)].join("\n");
        expect(why).toMatch(/disk|space|cannot grow|too large/i);
      }
    } finally {
      expect(await server.stop()).toBe(0);
    }
  },
  120_000,
);

describe("records that another process has", () => {
  const serve = (sandbox: Sandbox) =>
    slipway(["serve", "--listen", "127.0.0.1:0", "--data", sandbox.join("data")], { cwd: sandbox.path });

  it("are refused to a second server, with exit code 1 and what to do, and the first goes on", async () => {
    using sandbox = new Sandbox();
    await using server = await TestServer.start({ folder: sandbox.path });
    const second = await serve(sandbox);
    expect(second.code).toBe(1);
    expect(second.stderr).toMatch(/slipway\.db is locked by another process/);
    expect(second.stderr).toContain("Stop the other one");
    expect(second.stderr).not.toMatch(/\n\s+at /);
    const project = await Project.add(server, sandbox, "goes-on", QUICK);
    const [build] = await project.ended([await project.start()]);
    expect(build?.status).toBe("succeeded");
  }, 60_000);

  it("are refused to a server while any program holds them, and are its own again after that", async () => {
    using sandbox = new Sandbox();
    expect(await (await TestServer.start({ folder: sandbox.path })).stop()).toBe(0);
    const other = new DatabaseSync(sandbox.join("data", "slipway.db"));
    other.exec("begin exclusive");
    const refused = await serve(sandbox);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toMatch(/slipway\.db is locked by another process/);
    other.close();
    const server = await TestServer.start({ folder: sandbox.path });
    expect(await server.stop()).toBe(0);
  }, 60_000);
});
