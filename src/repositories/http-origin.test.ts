// An origin over HTTP that asks who is there: git's own server program behind a plain one of Node's.
import { execFileSync, spawn } from "node:child_process";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { systemClock } from "../clock.ts";
import { commitFiles, GIT_ENV, git, makeRepository, TestFolder } from "../runner/git/repository.fixture.ts";
import type { ProjectRecord } from "../store/project-record.ts";
import { silentLogger } from "../telemetry/logger.ts";
import { GitRepositories } from "./git-repositories.ts";
import type { GitCredentials } from "./mirror-git.ts";

const BACKEND = join(execFileSync("git", ["--exec-path"], { encoding: "utf8" }).trim(), "git-http-backend");
const BASIC = `Basic ${Buffer.from("bot:hunter2").toString("base64")}`;

let folder: TestFolder;
let server: Server;
let answer: "serve" | "unavailable";
let requests: number;

beforeEach(async () => {
  folder = new TestFolder();
  makeRepository(folder.join("shop"), { "a.txt": "a" });
  answer = "serve";
  requests = 0;
  server = createServer((request, response) => {
    requests++;
    if (answer === "unavailable") response.writeHead(503).end();
    else if (request.headers.authorization !== BASIC)
      response.writeHead(401, { "www-authenticate": "Basic realm=x" }).end();
    else serve(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
});
afterEach(async () => {
  await new Promise((resolve) => server.close(resolve));
  folder.remove();
});

function serve(request: IncomingMessage, response: ServerResponse): void {
  const url = new URL(request.url ?? "/", "http://x");
  const child = spawn(BACKEND, {
    env: {
      ...GIT_ENV,
      GIT_PROJECT_ROOT: folder.path,
      GIT_HTTP_EXPORT_ALL: "1",
      PATH_INFO: url.pathname,
      QUERY_STRING: url.search.slice(1),
      REQUEST_METHOD: request.method ?? "GET",
      CONTENT_TYPE: request.headers["content-type"] ?? "",
      HTTP_CONTENT_ENCODING: request.headers["content-encoding"] ?? "",
      GIT_PROTOCOL: String(request.headers["git-protocol"] ?? ""),
      REMOTE_ADDR: "127.0.0.1",
    },
    stdio: ["pipe", "pipe", "ignore"],
  });
  request.pipe(child.stdin);
  const chunks: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
  child.on("close", () => {
    const all = Buffer.concat(chunks);
    const end = all.indexOf("\r\n\r\n");
    for (const line of all.subarray(0, end).toString().split("\r\n")) {
      const [name = "", value = ""] = line.split(": ");
      if (name === "Status") response.statusCode = Number.parseInt(value, 10);
      else response.setHeader(name, value);
    }
    response.end(all.subarray(end + 4));
  });
}

function open(credentials: GitCredentials | undefined): [GitRepositories, ProjectRecord] {
  const repositories = new GitRepositories({
    folder: folder.join("mirrors"),
    env: GIT_ENV,
    clock: systemClock,
    logger: silentLogger,
    credentials: async () => credentials,
  });
  const { port } = server.address() as AddressInfo;
  const repositoryUrl = `http://127.0.0.1:${port}/shop/.git`;
  const project = {
    id: "p1",
    name: "shop",
    repositoryUrl,
    defaultBranch: "main",
    settings: {},
    createdAt: 0,
    updatedAt: 0,
  };
  return [repositories, project];
}

it("an origin over HTTP is mirrored with the credentials, and asked only where it may know more", async () => {
  const [repositories, project] = open({ username: "bot", password: "hunter2" });
  const first = git(folder.join("shop"), "rev-parse", "HEAD");
  expect(await repositories.resolve(project, "main")).toMatchObject({ sha: first });
  const sha = commitFiles(folder.join("shop"), "second", { "a.txt": "b" });
  expect(await repositories.resolve(project, sha.slice(0, 10))).toMatchObject({ sha });
  const before = requests;
  expect(await repositories.resolve(project, first)).toMatchObject({ sha: first });
  expect(await repositories.readFile(project, sha, "a.txt")).toBe("b");
  expect(requests).toBe(before);
});

it.each([undefined, { username: "bot", password: "wrong-one" }])(
  "one that refuses the credentials is Permanent, and says nothing of them",
  async (credentials) => {
    const [repositories, project] = open(credentials);
    const error: unknown = await repositories.resolve(project, "main").catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: "Permanent", message: expect.stringContaining("needs credentials") });
    expect(String(error)).not.toContain("wrong-one");
  },
);

it("one that is away for a while is Transient, and what is there can be read meanwhile", async () => {
  const [repositories, project] = open({ username: "bot", password: "hunter2" });
  const { sha } = await repositories.resolve(project, "main");
  answer = "unavailable";
  await expect(repositories.resolve(project, "main")).rejects.toMatchObject({
    code: "Transient",
    retryable: true,
  });
  expect(await repositories.resolve(project, sha)).toMatchObject({ sha });
  expect(await repositories.readFile(project, sha, "a.txt")).toBe("a");
  answer = "serve";
  expect(await repositories.resolve(project, "main")).toMatchObject({ sha });
});
