import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { openPlatform, type PlatformFixture } from "./platform.fixture.ts";

const DAY = 24 * 3600 * 1000;
const list = ({ records }: PlatformFixture, rootId: string) =>
  records.store.artifacts.listArtifacts(rootId, records.clock.now());

describe("collectArtifacts of a server", () => {
  const FILE = `
on: push
pipeline:
  steps:
    - name: build
      image: alpine:3
      commands: [make]
    - name: test
      image: alpine:3
      commands: [make test]
artifacts:
  - name: out
    path: out/*
    expires: 7d
  - name: logs
    path: "*.log"
`;

  async function build(fixture: PlatformFixture, id = "b1", change: object = {}) {
    await fixture.adopt(
      id,
      await fixture.records.build(id, { file: ".platform.yaml", content: FILE, ...change }),
    );
    return collector(fixture, id);
  }

  it("keeps the files of the last job of the file that has some, whichever ended last", async () => {
    const fixture = await openPlatform();
    const end = await build(fixture);
    await fixture.job({ buildId: "b1", jobKey: "build" });
    expect(await end("test", { "out/a": "of test" })).toEqual([]);
    expect(await end("build", { "out/a": "of build, longer", "b.log": "log" })).toEqual([]);
    const kept = await list(fixture, "b1");
    expect(kept.map(({ name, jobKey }) => [name, jobKey]).sort()).toEqual([
      ["logs", "build"],
      ["out", "test"],
    ]);
    const out = kept.find(({ name }) => name === "out");
    expect(out).toMatchObject({
      projectId: "p1",
      file: "out.zip",
      expiresAt: fixture.records.clock.now() + 7 * DAY,
    });
    const logs = kept.find(({ name }) => name === "logs");
    expect(logs?.expiresAt).toBe(fixture.records.clock.now() + 90 * DAY);
    expect(await fixture.keys("artifacts/")).toEqual(kept.map(({ blobKey }) => blobKey).sort());
  });

  it("lets two jobs end at once", async () => {
    const fixture = await openPlatform();
    const end = await build(fixture);
    await fixture.job({ buildId: "b1", jobKey: "build" });
    await Promise.all([end("test", { "out/a": "t" }), end("build", { "out/a": "b" })]);
    expect((await list(fixture, "b1")).map(({ jobKey }) => jobKey)).toEqual(["test"]);
  });

  it("tells what nobody had by the last job, and what could not be kept by the job that had it", async () => {
    const fixture = await openPlatform();
    const end = await build(fixture);
    await fixture.job({ buildId: "b1", jobKey: "build" });
    const { records } = fixture;
    const claim = await fixture.claim("b1");
    const blocked = records.store.artifacts.putArtifact;
    records.store.artifacts.putArtifact = async () => {
      throw new Error("the disk is full");
    };
    expect(await end("test", { "out/a": "x" })).toEqual(["artifact out: the disk is full"]);
    records.store.artifacts.putArtifact = blocked;
    await records.end(claim, "test");
    expect(await end("build", {})).toEqual([
      'artifact out: nothing matches "out/*"',
      'artifact logs: nothing matches "*.log"',
    ]);
    expect(await end("build", { "b.log": "x" })).toEqual(['artifact out: nothing matches "out/*"']);
    expect(await end("build", { "out/a": "x" })).toEqual([]);
  });

  it("does nothing for a workflow", async () => {
    const fixture = await openPlatform();
    const end = await build(fixture, "b1", { file: ".github/workflows/ci.yml" });
    expect(await end("test", { "out/a": "x" })).toEqual([]);
    expect(await fixture.keys("")).toEqual([]);
  });

  it("replaces in a re-run what its jobs make again, but not what a job made that is not run again", async () => {
    const fixture = await openPlatform();
    const end = await build(fixture);
    await end("test", { "out/a": "first" });
    await rerunPlatform(fixture, "b1", "b2", ["test"]);
    const again = collector(fixture, "b2");
    await again("build", { "out/a": "second", "b.log": "x" });
    expect((await list(fixture, "b1")).map(({ name, buildId }) => [name, buildId]).sort()).toEqual([
      ["logs", "b2"],
      ["out", "b1"],
    ]);
    await rerunPlatform(fixture, "b2", "b3", []);
    const third = collector(fixture, "b3");
    await third("build", { "out/a": "third" });
    expect((await list(fixture, "b1")).find(({ name }) => name === "out")).toMatchObject({
      buildId: "b3",
      jobKey: "build",
    });
  });

  async function rerunPlatform(
    fixture: PlatformFixture,
    from: string,
    to: string,
    carried: string[],
  ): Promise<void> {
    const { records } = fixture;
    const claim = await fixture.claim(from);
    await records.store.builds.advance(claim.lease, [
      { kind: "build-moved", to: "failed", at: records.clock.now() },
    ]);
    const change = { rerunOf: from, file: ".platform.yaml", content: FILE, carried };
    await fixture.adopt(to, await records.build(to, change));
  }

  /** What a worker does when a job has ended that left these files. */
  function collector(fixture: PlatformFixture, id: string) {
    return async (jobKey: string, files: Record<string, string>): Promise<readonly string[]> => {
      const workspace = join(fixture.folder, id, jobKey);
      await mkdir(join(workspace, "out"), { recursive: true });
      for (const [name, text] of Object.entries(files)) await writeFile(join(workspace, name), text);
      const job = await fixture.job({ buildId: id, jobKey });
      return fixture.servers[0].collectArtifacts({ ...job, directories: { workspace } });
    };
  }
});
