import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { systemClock } from "../clock.ts";
import { keepArtifacts } from "../runner/artifacts/keep-artifacts.ts";
import { openPlatform, type PlatformFixture } from "./platform.fixture.ts";

const FILE = `
on: push
pipeline:
  steps:
    - { name: early, image: alpine, commands: [make], depends_on: [] }
    - { name: test, image: alpine, commands: [make], depends_on: [] }
artifacts:
  - { name: out, path: "out/*" }
  - { name: logs, path: "*.log" }
`;
const COLLECT = [
  { name: "out", path: "out/*" },
  { name: "logs", path: "*.log" },
];
const NOTHING = 'Artifact logs: nothing matches "*.log"';
const STAYS = "Artifact out: that of a later step is kept";

/** On two servers, which requests reach by turns. */
async function build(change: object = {}, id = "b1", platform?: PlatformFixture) {
  const fixture = platform ?? (await openPlatform());
  const record = await fixture.records.build(id, { file: ".platform.yaml", content: FILE, ...change });
  await fixture.adopt(id, record);
  await fixture.job({ buildId: id, jobKey: "early" });
  const kept = async () => {
    const { artifacts } = fixture.records.store;
    const all = await artifacts.listArtifacts("b1", fixture.records.clock.now());
    // No bytes are left of what another took the place of.
    expect(await fixture.keys("artifacts/")).toEqual(all.map(({ blobKey }) => blobKey).sort());
    return Object.fromEntries(all.map(({ name, jobKey, buildId }) => [name, `${buildId} ${jobKey}`]));
  };
  return { fixture, id, kept };
}

/** What a runner does at the end of a job that left these files. */
async function ends(
  { fixture, id }: { readonly fixture: PlatformFixture; readonly id: string },
  jobKey: string,
  files: Readonly<Record<string, string>>,
  { beforeUpload }: { readonly beforeUpload?: () => Promise<unknown> } = {},
) {
  const workspace = mkdtempSync(join(tmpdir(), "kept-"));
  onTestFinished(() => rmSync(workspace, { recursive: true, force: true }));
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(workspace, path)), { recursive: true });
    writeFileSync(join(workspace, path), content);
  }
  const { services } = await fixture.client({ buildId: id, jobKey });
  const said: { log: string[]; warnings: string[] } = { log: [], warnings: [] };
  const request = { collect: COLLECT, directories: { workspace }, services };
  await keepArtifacts(request as unknown as Parameters<typeof keepArtifacts>[0], {
    fetch: async (url, init) => {
      if (init.method === "PUT") await beforeUpload?.();
      return await fetch(url, init);
    },
    signal: new AbortController().signal,
    clock: systemClock,
    log: (line) => said.log.push(line),
    warn: (message) => said.warnings.push(message),
  });
  return said;
}

const end = async ({ fixture, id }: { fixture: PlatformFixture; id: string }, jobKey: string) =>
  await fixture.records.end(await fixture.claim(id), jobKey);

it("keeps the files of the last job of the file, where that ends last", async () => {
  const run = await build();
  await ends(run, "early", { "out/a": "early" });
  await ends(run, "test", { "out/a": "test" });
  expect(await run.kept()).toEqual({ out: "b1 test" });
});

it("keeps them where that ends first, and says so", async () => {
  const run = await build();
  await ends(run, "test", { "out/a": "test" });
  const said = await ends(run, "early", { "out/a": "early", "b.log": "x" });
  expect(said.log).toEqual([STAYS, expect.stringMatching(/^Artifact logs: 1 file/)]);
  expect(await run.kept()).toEqual({ out: "b1 test", logs: "b1 early" });
});

it("decides when the upload is whole, where both upload at once", async () => {
  const run = await build();
  const said = await ends(
    run,
    "early",
    { "out/a": "early" },
    { beforeUpload: () => ends(run, "test", { "out/a": "test" }) },
  );
  expect(said.log).toContain(STAYS);
  expect(await run.kept()).toEqual({ out: "b1 test" });
});

it("lets both end at the very same time, again and again", async () => {
  const run = await build();
  for (let round = 0; round < 5; round++) {
    const said = await Promise.all([
      ends(run, "early", { "out/a": `early ${round}` }),
      ends(run, "test", { "out/a": `late ${round}` }),
    ]);
    expect(said.flatMap(({ warnings }) => warnings)).toEqual([]);
    expect(await run.kept()).toEqual({ out: "b1 test" });
  }
});

it("warns of what nobody had once, in the last job that ends", async () => {
  const run = await build();
  const first = await ends(run, "test", { "out/a": "x" });
  expect(first.warnings).toEqual([]);
  expect(first.log).toContain('Artifact logs: nothing here matches "*.log"');
  await end(run, "test");
  expect((await ends(run, "early", {})).warnings).toEqual([NOTHING]);
});

it("does not warn of what another job had", async () => {
  const run = await build();
  await ends(run, "test", { "b.log": "x", "out/a": "x" });
  await end(run, "test");
  expect((await ends(run, "early", {})).warnings).toEqual([]);
});

it("replaces in a re-run what ran again, but not what a job made whose end was carried over", async () => {
  const run = await build();
  const { fixture } = run;
  await ends(run, "test", { "out/a": "first" });
  const rerun = async (from: string, to: string, carried: string[]) => {
    const claim = await fixture.claim(from);
    const at = fixture.records.clock.now();
    await fixture.records.store.builds.advance(claim.lease, [{ kind: "build-moved", to: "failed", at }]);
    return await build({ rerunOf: from, carried }, to, fixture);
  };
  const second = await rerun("b1", "b2", ["test"]);
  expect((await ends(second, "early", { "out/a": "second" })).log).toContain(STAYS);
  expect(await run.kept()).toEqual({ out: "b1 test" });
  const third = await rerun("b2", "b3", []);
  await ends(third, "early", { "out/a": "third" });
  expect(await run.kept()).toEqual({ out: "b3 early" });
});

it("leaves the rules of GitHub's clients as they are: a name that another job took is taken", async () => {
  const run = await build();
  await ends(run, "test", { "out/a": "test" });
  const early = await run.fixture.client({ buildId: "b1", jobKey: "early" });
  expect((await early.upload("out", "zip")).status).toBe(409);
});
