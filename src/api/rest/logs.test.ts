import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createParser, type EventSourceMessage } from "eventsource-parser";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { TestApi, type TestRun } from "./api.fixture.ts";

const TEXT = "\x1b[32mhello\x1b[0m\nwörld\nlast";

let api: TestApi;
let url: string;
let base: string;
let run: TestRun;
let jobId: string;
let ended: string;
let open: string;
beforeAll(async () => {
  api = await TestApi.start({ recheckMs: 20 });
  url = await api.app.listen({ host: "127.0.0.1", port: 0 });
  const project = await api.addProject();
  run = await api.claim(await api.startBuild(project.id));
  base = `/projects/${project.id}/pipelines/${run.build.id}`;
  const job = await run.addJob("test");
  jobId = job.jobId;
  ended = job.stepId;
  await run.print(ended, TEXT);
  await run.endStep(ended);
  await api.deps.sink.sealed();
  open = (await run.addJob("other")).stepId;
  await run.print(open, TEXT);
});
afterAll(() => api.stop());

const log = (step: string, query = "", headers: Record<string, string> = {}) =>
  api.call("GET", `${base}/steps/${step}/logs${query}`, undefined, { headers });

/** Events of a log until `enough` says so; then the connection is cut. */
async function events(
  step: string,
  enough: (all: EventSourceMessage[]) => boolean | Promise<boolean>,
  { lastId, query = "", token = api.admin }: { lastId?: string; query?: string; token?: string } = {},
): Promise<EventSourceMessage[]> {
  const cut = new AbortController();
  const all: EventSourceMessage[] = [];
  const response = await fetch(`${url}/api/v1${base}/steps/${step}/logs${query}`, {
    headers: {
      authorization: `Bearer ${token}`,
      accept: "text/event-stream",
      ...(lastId !== undefined && { "last-event-id": lastId }),
    },
    signal: cut.signal,
  });
  expect(response.headers.get("content-type")).toMatch("text/event-stream");
  const parser = createParser({ onEvent: (event) => all.push(event) });
  const decoder = new TextDecoder();
  try {
    for await (const chunk of response.body ?? []) {
      parser.feed(decoder.decode(chunk, { stream: true }));
      if (await enough(all)) break;
    }
  } finally {
    cut.abort();
  }
  return all;
}
const textOf = (all: readonly EventSourceMessage[]) =>
  all
    .filter(({ event }) => event === "log")
    .map(({ data }) => JSON.parse(data).text)
    .join("");

describe.each(["an ended step", "a step that runs"])("the log of %s", (which) => {
  const step = () => (which === "an ended step" ? ended : open);
  it("is plain text, as printed", async () => {
    const answer = await log(step());
    expect(answer.headers["content-type"]).toBe("text/plain; charset=utf-8");
    expect(answer.text).toBe(TEXT);
  });
  it("comes without colours, and with times", async () => {
    expect((await log(step(), "?ansi=strip")).text).toBe("hello\nwörld\nlast");
    const lines = (await log(step(), "?ansi=strip&timestamps")).text.split("\n");
    expect(lines.map((line) => line.replace(/^\d{4}-\d\d-\d\dT[\d:.]+Z /, "> "))).toEqual([
      "> hello",
      "> wörld",
      "> last",
    ]);
  });
  it("comes from an offset, or as a range", async () => {
    const at = Buffer.from(TEXT).indexOf("w");
    expect((await log(step(), `?offset=${at}`)).text).toBe("wörld\nlast");
    expect((await log(step(), `?offset=${at}&timestamps`)).text).toMatch(/^\d{4}\S+ wörld\n\d{4}\S+ last$/);
    expect((await log(step(), `?offset=${at + 1}&timestamps`)).text).toMatch(/^örld\n\d{4}\S+ last$/);
    const range = await log(step(), "", { range: `bytes=${at}-${at + 2}` });
    expect([range.status, range.bytes]).toEqual([206, Buffer.from("wö")]);
    const size = step() === ended ? Buffer.byteLength(TEXT) : "*";
    expect(range.headers["content-range"]).toBe(`bytes ${at}-${at + 2}/${size}`);
    expect((await log(step(), "", { range: "bytes=-4" })).text).toBe("last");
    const past = await log(step(), "", { range: "bytes=9999-" });
    expect([past.status, past.json().code]).toEqual([416, "RangeNotSatisfiable"]);
    expect((await log(step(), "", { range: "lines=1-2" })).status).toBe(200);
  });
  it("says its headers alone for HEAD", async () => {
    const answer = await api.call("HEAD", `${base}/steps/${step()}/logs?follow`);
    expect([answer.status, answer.text]).toEqual([200, ""]);
  });
});

describe("followed logs", () => {
  it("resume by Last-Event-ID without a gap or a repeat, also inside a character", async () => {
    const { stepId } = await run.addJob("resumed");
    await run.print(stepId, Buffer.from("one wö").subarray(0, 6));
    const first = await events(stepId, (all) => textOf(all) !== "");
    expect(textOf(first)).toBe("one w");
    const last = first.at(-1)?.id ?? "";
    expect(last).toBe("5");
    await run.print(stepId, Buffer.concat([Buffer.from("wö").subarray(2), Buffer.from("rld\n")]));
    let over = false;
    const rest = await events(
      stepId,
      async (all) => {
        if (!over && textOf(all).includes("\n")) {
          over = true;
          await run.endStep(stepId);
        }
        return false;
      },
      { lastId: last },
    );
    expect(textOf(rest)).toBe("örld\n");
    expect(rest.at(-1)).toMatchObject({ event: "end", data: '{"sizeBytes":11}' });
  });
  it("go on as plain text until the step has ended", async () => {
    const { stepId } = await run.addJob("plain");
    await run.print(stepId, "one\n");
    const response = await fetch(`${url}/api/v1${base}/steps/${stepId}/logs?follow`, {
      headers: { authorization: `Bearer ${api.admin}` },
    });
    let text = "";
    for await (const chunk of response.body ?? []) {
      text += Buffer.from(chunk).toString();
      if (text === "one\n") {
        await run.print(stepId, "two\n");
        await run.endStep(stepId);
      }
    }
    expect(text).toBe("one\ntwo\n");
  });
  it("end within seconds for a token that was revoked, and do not look whole", async () => {
    const made = await api.deps.tokens.create({ name: "short", permissions: ["project:read"] });
    let revoked = false;
    const all = await events(
      open,
      async () => {
        if (!revoked) await api.deps.tokens.revoke(made.info.id);
        revoked = true;
        return false;
      },
      { token: made.token },
    );
    expect(all.some(({ event }) => event === "end")).toBe(false);
    const again = await api.deps.tokens.create({ name: "short", permissions: ["project:read"] });
    const response = await fetch(`${url}/api/v1${base}/steps/${open}/logs?follow`, {
      headers: { authorization: `Bearer ${again.token}` },
    });
    await api.deps.tokens.revoke(again.info.id);
    await expect(response.text()).rejects.toThrow();
  });
});

describe("many logs", () => {
  it("of a job are one text", async () => {
    const answer = await api.call("GET", `${base}/jobs/${jobId}/logs?ansi=strip`);
    expect(answer.text).toBe("==> 1. say hello (succeeded)\nhello\nwörld\nlast\n");
    expect(answer.headers["content-disposition"]).toContain("1.1-test.log");
  });
  it("of a build are a zip that others can read", async () => {
    const answer = await api.call("GET", `${base}/logs.zip`);
    expect(answer.headers["content-type"]).toBe("application/zip");
    const folder = mkdtempSync(join(tmpdir(), "slipway-zip-"));
    try {
      writeFileSync(join(folder, "logs.zip"), answer.bytes);
      const script =
        "import sys,zipfile;z=zipfile.ZipFile(sys.argv[1]);z.testzip();print(z.read('test/001_say hello.txt').decode())";
      const text = execFileSync("python3", ["-c", script, join(folder, "logs.zip")], {
        encoding: "utf8",
        env: { PATH: process.env.PATH, PYTHONUTF8: "1" },
      });
      expect(text).toBe(`${TEXT}\n`);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
  it("of another project's step are not there", async () => {
    const other = await api.addProject();
    const build = await api.startBuild(other.id);
    const path = `/projects/${other.id}/pipelines/${build.id}`;
    expect((await api.call("GET", `${path}/steps/${ended}/logs`)).status).toBe(404);
    expect((await api.call("GET", `${path}/jobs/${jobId}/logs`)).status).toBe(404);
  });
});

describe("artifacts", () => {
  it("are listed, downloaded by a signed address or directly, and deleted", async () => {
    await api.deps.blobs.put("artifacts/a1", Buffer.from("zip bytes"));
    const { id, projectId, rootId } = run.build;
    const at = Date.now();
    await api.deps.store.artifacts.putArtifact({
      id: "a1",
      databaseId: 1,
      projectId,
      rootId,
      buildId: id,
      jobKey: "test",
      attempt: 1,
      name: "dist",
      file: 'di"st ü.zip',
      contentType: "application/zip",
      blobKey: "artifacts/a1",
      sizeBytes: 9,
      sha256: "0".repeat(64),
      createdAt: at,
      expiresAt: at + 100_000,
    });
    expect((await api.call("GET", `${base}/artifacts`)).json().items).toMatchObject([
      { id: "a1", name: "dist" },
    ]);
    const link = await api.call("GET", `${base}/artifacts/a1/download`);
    expect(link.status).toBe(302);
    const bytes = await fetch(`${url}${link.headers.location}`);
    expect([bytes.status, await bytes.text()]).toEqual([200, "zip bytes"]);
    const changed = await fetch(
      `${url}${String(link.headers.location).replace("artifacts/a1", "artifacts/a2")}`,
    );
    expect(changed.status).toBe(403);
    const direct = await api.call("GET", `${base}/artifacts/a1/download?direct`);
    expect([direct.text, direct.headers["content-length"]]).toEqual(["zip bytes", "9"]);
    expect(direct.headers["content-disposition"]).toMatch(/^attachment; .*filename\*=UTF-8''/);
    const other = await api.startBuild(projectId);
    expect(
      (await api.call("GET", `/projects/${projectId}/pipelines/${other.id}/artifacts/a1/download`)).status,
    ).toBe(404);
    expect((await api.call("DELETE", `${base}/artifacts/a1`)).status).toBe(204);
    expect((await api.call("GET", `${base}/artifacts/a1/download`)).status).toBe(404);
    expect(await api.deps.blobs.stat("artifacts/a1")).toBeUndefined();
  });
});
