import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import type { Clock } from "../clock.ts";
import type { JobServices } from "../protocol/job-request.ts";
import { keepArtifacts } from "../runner/artifacts/keep-artifacts.ts";
import { recordJob } from "../runner/testing/record-job.ts";
import type { ArtifactSpec } from "../spec/workflow-spec.ts";
import { JOB, openServices } from "./services.fixture.ts";

interface Said {
  readonly log: string[];
  readonly warnings: string[];
}

/** What a runner does at the end of a job whose workspace has these files. */
async function keep(
  services: JobServices | undefined,
  files: { readonly [path: string]: string },
  collect: readonly ArtifactSpec[],
  change: { readonly fetch?: (url: string, init: RequestInit) => Promise<Response> } = {},
): Promise<Said> {
  const workspace = mkdtempSync(join(tmpdir(), "kept-"));
  onTestFinished(() => rmSync(workspace, { recursive: true, force: true }));
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(workspace, path)), { recursive: true });
    writeFileSync(join(workspace, path), content);
  }
  symlinkSync("/etc", join(workspace, "away"));
  const said: Said = { log: [], warnings: [] };
  const request = { collect, directories: { workspace }, ...(services === undefined ? {} : { services }) };
  await keepArtifacts(request as unknown as Parameters<typeof keepArtifacts>[0], {
    fetch: (url, init) => fetch(url, init),
    signal: new AbortController().signal,
    clock: hastyClock(),
    log: (line) => said.log.push(line),
    warn: (message) => said.warnings.push(message),
    ...change,
  });
  return said;
}

/** Every wait is over at once, and took as long as it should. */
function hastyClock(): Clock {
  let waited = 0;
  return {
    now: () => Date.UTC(2026, 0, 1) + waited,
    monotonic: () => waited,
    after(delayMs, callback) {
      waited += delayMs;
      const timer = setImmediate(callback);
      return () => clearImmediate(timer);
    },
  };
}

const DIST: ArtifactSpec = { name: "dist", path: "dist/**" };

it("keeps what matches, whole, as a zip that others of the build find", async () => {
  const { client } = await openServices();
  const job = await client();
  const content = "x".repeat(3_000_000);
  const said = await keep(job.services, { "dist/a.txt": "hello", "dist/big/b": content, "src/c": "no" }, [
    DIST,
  ]);
  expect(said.warnings).toEqual([]);
  expect(said.log).toEqual([expect.stringMatching(/^Artifact dist: 2 files, \d+ bytes as a zip$/)]);
  const zip = Buffer.from(await (await (await client({ jobKey: "other" })).download("dist")).arrayBuffer());
  expect(zip.subarray(0, 2).toString()).toBe("PK");
  for (const name of ["dist/a.txt", "dist/big/b"]) expect(zip.includes(name)).toBe(true);
  expect(zip.includes("src/c")).toBe(false);
  const listed = await job.artifact("ListArtifacts");
  expect(listed.body.artifacts).toMatchObject([
    { name: "dist", digest: `sha256:${createHash("sha256").update(zip).digest("hex")}` },
  ]);
});

it("takes the place of what an earlier job of the build has kept under the name", async () => {
  const { client } = await openServices();
  await keep((await client({ jobKey: "one" })).services, { "dist/first": "1" }, [DIST]);
  const said = await keep((await client({ jobKey: "two" })).services, { "dist/second": "2" }, [DIST]);
  expect(said.warnings).toEqual([]);
  const zip = Buffer.from(await (await (await client()).download("dist")).arrayBuffer());
  expect(zip.includes("dist/second")).toBe(true);
  expect(zip.includes("dist/first")).toBe(false);
});

it("says of what there is nothing, warns of what leads outside, and keeps the others", async () => {
  const { client } = await openServices();
  const said = await keep((await client()).services, { "a.log": "log" }, [
    DIST,
    { name: "outside", path: "away" },
    { name: "up", path: "../x" },
    { name: "log", path: "*.log", expiresSeconds: 3600 },
  ]);
  expect(said.log).toEqual([
    expect.stringMatching(/^Artifact log: 1 file, \d+ bytes as a zip$/),
    'Artifact dist: nothing here matches "dist/**"',
  ]);
  expect(said.warnings).toEqual([
    "Artifact outside: away is a link that leaves the workspace",
    'Artifact up: "../x" lies outside the workspace',
  ]);
});

it("tries again where the service does not answer, and sends everything again", async () => {
  const { client } = await openServices();
  const { services } = await client();
  let failures = 2;
  const said = await keep(services, { "dist/a": "a" }, [DIST], {
    fetch: async (url, init) => {
      if (init.method === "PUT" && failures-- > 0)
        throw new TypeError("fetch failed", { cause: new Error("reset") });
      return await fetch(url, init);
    },
  });
  expect(said.warnings).toEqual([]);
  expect((await (await client()).download("dist")).status).toBe(200);
});

it.each([
  [
    "a service that is away",
    { resultsUrl: "http://127.0.0.1:65533/" },
    /^Artifact dist: The artifact service did not answer CreateArtifact: connect ECONNREFUSED/,
  ],
  [
    "a token that is no good",
    { runtimeToken: "a.e30.b" },
    /^Artifact dist: The job's token does not say which run it is of/,
  ],
])("warns of %s, and the job goes on", async (_, change, message) => {
  const { client } = await openServices();
  const said = await keep({ ...(await client()).services, ...change }, { "dist/a": "a" }, [DIST]);
  expect(said.warnings).toEqual([expect.stringMatching(message)]);
});

it("warns where a job has no service at all", async () => {
  expect((await keep(undefined, {}, [DIST])).warnings).toEqual([
    "Artifacts cannot be kept: this job has no artifact service.",
  ]);
});

it("is done by a runner that is asked to, also when the job has failed", async () => {
  const { services: server } = await openServices();
  const services = await server.servicesFor(JOB);
  const workflow =
    "on: push\njobs:\n  test:\n    runs-on: x\n    steps:\n      - run: mkdir dist; echo a > dist/a; exit 1\n";
  const record = await recordJob(workflow, { request: { services, collect: [DIST] } });
  expect(record.finished?.result).toBe("failure");
  expect(record.log).toMatch(/Artifact dist: 1 file, \d+ bytes as a zip\n/);
});
