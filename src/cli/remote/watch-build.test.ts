import { mkdtemp, rm } from "node:fs/promises";
import type { ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { memoryIo } from "../memory-io.fixture.ts";
import { Remote } from "./remote.ts";
import { type Answers, problem, scriptedServer } from "./scripted-server.fixture.ts";
import { watchBuild } from "./watch-build.ts";

const BUILD = {
  id: "b1",
  number: 1,
  attempt: 1,
  event: "workflow_dispatch",
  ref: "refs/heads/main",
  sha: "a".repeat(40),
  workflow: "CI",
  title: "",
  startedAt: "2026-01-02T03:04:05.000Z",
  jobs: [],
  approvals: [],
  annotations: [],
  warnings: [],
};

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(`${tmpdir()}/slipway-watching-`);
});
afterEach(() => rm(folder, { recursive: true, force: true }));

function events(response: ServerResponse): void {
  response.writeHead(200, { "content-type": "text/event-stream" });
  response.write("event: snapshot\ndata: {}\n\n");
}

async function watching(answers: Answers) {
  const { address, asked } = await scriptedServer(answers);
  const io = memoryIo({ cwd: folder });
  const wish = { json: true, quiet: false, verbose: false };
  const code = watchBuild("b1", new Remote({ address, token: "x" }), wish, io);
  const types = () =>
    io.stdout.text.split("\n").flatMap((line) => (line === "" ? [] : [JSON.parse(line).type as string]));
  return { io, asked, code, types };
}

it.each([
  ["succeeded", 0],
  ["failed", 1],
  ["cancelled", 130],
] as const)("ends as a build that has %s", async (status, exit) => {
  const { code, types } = await watching(({ path }, response) =>
    path.endsWith("/events") ? events(response) : { ...BUILD, status },
  );
  expect(await code).toBe(exit);
  expect(types()).toEqual(["build.started", "build.finished"]);
});

it("goes on where the connection is cut or the server is away for a while", async () => {
  let listens = 0;
  const { code, types, asked } = await watching(({ path }, response) => {
    if (!path.endsWith("/events")) return { ...BUILD, status: listens < 4 ? "running" : "succeeded" };
    listens += 1;
    if (listens === 2) return problem(response, 503, { detail: "Starting." });
    events(response);
    if (listens === 1) setTimeout(() => response.destroy(), 50);
    else response.end();
    return undefined;
  });
  expect(await code).toBe(0);
  expect(types()).toEqual(["build.started", "build.finished"]);
  expect(asked.filter(({ path }) => path.endsWith("/events")).length).toBe(4);
});

it.each([
  [401, { detail: "It was revoked." }, "does not take this token"],
  [404, { detail: "No such build." }, "No such build."],
])("ends at once with an error where it is refused with %i", async (status, body, message) => {
  const { code, asked } = await watching((_, response) => problem(response, status, body));
  await expect(code).rejects.toThrow(message);
  expect(asked).toHaveLength(1);
});

it("is ended by Ctrl-C, which leaves the build alone and says how to watch on", async () => {
  const { io, code, asked } = await watching(({ path }, response) =>
    path.endsWith("/events") ? events(response) : { ...BUILD, status: "running" },
  );
  await vi.waitFor(() => expect(io.stdout.text).toContain("build.started"));
  io.signal("SIGINT");
  expect(await code).toBe(130);
  expect(io.stdout.text + io.stderr.text).toContain("slipway watch b1");
  expect(io.stdout.text).not.toContain("Cancelled");
  expect(asked.every(({ method }) => method === "GET")).toBe(true);
});
