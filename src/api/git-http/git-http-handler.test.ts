import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, request as httpRequest, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { promisify } from "node:util";
import { gzipSync } from "node:zlib";
import { beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { systemClock } from "../../clock.ts";
import { ExecError } from "../../errors.ts";
import { FakeClock } from "../../fake-clock.ts";
import { type JobRecords, jobOf, jobRecords } from "../../identity/job-records.fixture.ts";
import { MasterKey } from "../../identity/master-key.ts";
import type { Principal } from "../../identity/principal.ts";
import { StoredJobTokens } from "../../identity/stored-job-tokens.ts";
import { GitRepositories } from "../../repositories/git-repositories.ts";
import { runCheckout } from "../../runner/checkout/checkout.ts";
import {
  commitFiles,
  GIT_ENV,
  git,
  makeRepository,
  TestFolder,
} from "../../runner/git/repository.fixture.ts";
import type { ClaimedBuild } from "../../store/build-store.ts";
import { silentLogger } from "../../telemetry/logger.ts";
import { GitHttpHandler, type GitHttpOptions } from "./git-http-handler.ts";

const READS_ALL = `slw_${"a".repeat(43)}`;
const READS_P2 = `slw_${"b".repeat(43)}`;
const PRINCIPALS: { readonly [token: string]: Principal } = {
  [READS_ALL]: { kind: "token", id: "t1", name: "ci", permissions: ["project:read"] },
  [READS_P2]: { kind: "token", id: "t2", name: "other", permissions: ["project:write"], projectId: "p2" },
};
const authenticator = {
  async authenticate(bearer: string | undefined): Promise<Principal> {
    const principal = PRINCIPALS[bearer ?? ""];
    if (principal) return principal;
    throw new ExecError("Unauthorized", "The API token is not known here.");
  },
};

const exec = promisify(execFile);
let folder: TestFolder;
let source: string;
let head: string;
let records: JobRecords;
let tokens: StoredJobTokens;
let claim: ClaimedBuild;

beforeEach(async () => {
  folder = new TestFolder();
  onTestFinished(() => folder.remove());
  source = makeRepository(folder.join("source"), { "a.txt": "first" });
  head = commitFiles(source, "second", { "a.txt": "second", "sub/b.txt": "b" });
  records = await jobRecords();
  await records.project("p1", { name: "acme/shop", repositoryUrl: source });
  await records.project("p2", { name: "plain", repositoryUrl: source });
  tokens = new StoredJobTokens({
    builds: records.store.builds,
    masterKeys: [MasterKey.random()],
    clock: records.clock,
  });
  claim = await records.build("b1", { sha: head });
});

/** A handler on a server of its own; gives its origin. */
async function serve(change: Partial<GitHttpOptions> = {}): Promise<string> {
  const repositories = new GitRepositories({
    folder: folder.join("mirrors"),
    env: GIT_ENV,
    clock: systemClock,
    logger: silentLogger,
  });
  const handler = new GitHttpHandler({
    ...{ projects: records.store.projects, authenticator, tokens, repositories },
    ...{ clock: systemClock, logger: silentLogger, path: process.env.PATH ?? "" },
    ...change,
  });
  const server = createServer((request, response) => {
    void handler.handle(request, response).then((mine) => {
      if (!mine) response.writeHead(418).end();
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const gitToken = (of = claim) => tokens.issue({ ...jobOf(of), github: {} }, "git");
const basic = (token: string, user = "x-access-token") =>
  `Basic ${Buffer.from(`${user}:${token}`).toString("base64")}`;

/** The real client, in the folder `work`. Rejects with what it says. */
async function client(authorization: string | undefined, ...args: string[]): Promise<string> {
  mkdirSync(folder.join("work"), { recursive: true });
  const header =
    authorization === undefined ? [] : ["-c", `http.extraHeader=Authorization: ${authorization}`];
  const env = { ...GIT_ENV, GIT_TERMINAL_PROMPT: "0" };
  const { stdout } = await exec("git", [...header, ...args], { cwd: folder.join("work"), env });
  return stdout.trim();
}

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** A request as it is written, whatever a URL parser would make of its path. */
async function ask(
  origin: string,
  method: string,
  path: string,
  headers: object = {},
  body?: Buffer,
): Promise<Answer> {
  const { hostname, port } = new URL(origin);
  const request = httpRequest({ hostname, port, method, path, headers: { ...headers } });
  request.end(body);
  const [response] = await once(request, "response");
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk);
  return { status: response.statusCode, headers: response.headers, body: Buffer.concat(chunks) };
}

describe("GitHttpHandler", () => {
  it.each([
    ["a job's token as password", async () => basic(await gitToken())],
    ["a job's token as bearer", async () => `Bearer ${await gitToken()}`],
    ["an API token as password, whatever the name", async () => basic(READS_ALL, "me")],
    ["an API token as user name", async () => basic("", READS_ALL)],
    ["an API token as bearer", async () => `Bearer ${READS_ALL}`],
  ])("lets clone with %s", async (_, authorization) => {
    const origin = await serve();
    await client(await authorization(), "clone", "--quiet", `${origin}/git/p1.git`, "c");
    expect(readFileSync(folder.join("work/c/a.txt"), "utf8")).toBe("second");
    expect(git(folder.join("work/c"), "rev-list", "--count", "HEAD")).toBe("2");
  });

  it.each(["p1", "acme/shop", "acme%2Fshop"])("knows the project as %s", async (name) => {
    const origin = await serve();
    expect(await client(basic(READS_ALL), "ls-remote", `${origin}/git/${name}.git`, "HEAD")).toContain(head);
  });

  it("gives what came to the origin since, to a fetch", async () => {
    const origin = await serve();
    const auth = basic(READS_ALL);
    await client(auth, "clone", "--quiet", `${origin}/git/p1.git`, "c");
    const third = commitFiles(source, "third", { "c.txt": "c" });
    await client(auth, "-C", "c", "fetch", "--quiet");
    expect(git(folder.join("work/c"), "rev-parse", "origin/main")).toBe(third);
  });

  it("gives one commit without its history, also one that no branch leads to any more", async () => {
    const origin = await serve();
    const auth = basic(await gitToken());
    await client(basic(READS_ALL), "ls-remote", `${origin}/git/p1.git`);
    git(source, "reset", "--quiet", "--hard", "HEAD~1");
    commitFiles(source, "instead", { "a.txt": "instead" });
    await client(basic(READS_ALL), "ls-remote", `${origin}/git/p1.git`);
    await client(undefined, "init", "--quiet", "c");
    await client(auth, "-C", "c", "fetch", "--quiet", "--depth=1", `${origin}/git/p1.git`, head);
    expect(git(folder.join("work/c"), "log", "--format=%s", "FETCH_HEAD")).toBe("second");
  });

  it("gives a clone without its files' content where that is asked for", async () => {
    const origin = await serve();
    const args = ["clone", "--quiet", "--filter=blob:none", "--no-checkout", `${origin}/git/p1.git`, "c"];
    await client(basic(READS_ALL), ...args);
    const missing = git(folder.join("work/c"), "rev-list", "--objects", "--all", "--missing=print");
    expect(missing).toContain("?");
  });

  it("brings the mirror to the commit of the job's build, whatever server was asked before", async () => {
    const origin = await serve();
    await client(basic(READS_ALL), "ls-remote", `${origin}/git/p1.git`);
    const newer = commitFiles(source, "newer", { "n.txt": "n" });
    const next = await records.build("b2", { sha: newer });
    await client(undefined, "init", "--quiet", "c");
    await client(
      basic(await gitToken(next)),
      "-C",
      "c",
      "fetch",
      "--quiet",
      "--depth=1",
      `${origin}/git/p1.git`,
      newer,
    );
    expect(git(folder.join("work/c"), "log", "--format=%s", "FETCH_HEAD")).toBe("newer");
  });

  it("is what the built-in checkout of a job clones from", async () => {
    const origin = await serve();
    const said: string[] = [];
    const { outputs } = await runCheckout(
      {},
      {
        source: {
          builtin: true,
          repository: "acme/shop",
          serverUrl: "https://github.com",
          source: { kind: "git", url: `${origin}/git/p1.git`, token: await gitToken() },
          bound: false,
        },
        workspace: folder.join("workspace"),
        temp: folder.join("temp"),
        github: { ref: "refs/heads/main", sha: head },
        env: GIT_ENV,
        signal: new AbortController().signal,
        log: (line) => said.push(line),
        warn: (message) => said.push(message),
        mask: () => undefined,
      },
    );
    expect(outputs).toEqual({ ref: "refs/heads/main", commit: head });
    expect(readFileSync(folder.join("workspace/sub/b.txt"), "utf8")).toBe("b");
  });

  it.each<[string, () => Promise<string | undefined>, number]>([
    ["nothing", async () => undefined, 401],
    ["no token", async () => basic("hello"), 401],
    ["an unknown API token", async () => basic(`slw_${"z".repeat(43)}`), 401],
    ["another's JWT", async () => basic("eyJhbGciOiJIUzI1NiJ9.e30.x"), 401],
    ["a broken header", async () => "Basic", 401],
    ["a name without a colon", async () => `Basic ${Buffer.from("x").toString("base64")}`, 401],
    [
      "a job's token for artifacts",
      async () => basic(await tokens.issue({ ...jobOf(claim), github: {} }, "runtime")),
      401,
    ],
    ["an API token of another project", async () => basic(READS_P2), 404],
    [
      "a job's token of another project",
      async () => basic(await gitToken(await records.build("o", { projectId: "p2" }))),
      404,
    ],
  ])("refuses %s", async (_, authorization, status) => {
    const origin = await serve();
    const value = await authorization();
    const answer = await ask(origin, "GET", "/git/p1.git/info/refs?service=git-upload-pack", {
      ...(value === undefined ? {} : { authorization: value }),
    });
    expect(answer.status).toBe(status);
    if (status === 401) expect(answer.headers["www-authenticate"]).toMatch(/^Basic realm=/);
    expect(answer.body.toString()).not.toContain("refs/heads");
  });

  it("says the same of a project that is not there as of one that may not be read", async () => {
    const origin = await serve();
    const text = async (name: string) => {
      const path = `/git/${name}.git/info/refs?service=git-upload-pack`;
      const { status, body } = await ask(origin, "GET", path, { authorization: basic(READS_P2) });
      return `${status} ${body}`;
    };
    expect(await text("nothing")).toBe(await text("p1"));
  });

  it("refuses the token of a job that has ended, on every request", async () => {
    const origin = await serve();
    const token = await gitToken();
    await client(basic(token), "ls-remote", `${origin}/git/p1.git`);
    await records.end(claim, "test");
    records.clock.advance(1000);
    await expect(client(basic(token), "ls-remote", `${origin}/git/p1.git`)).rejects.toThrow(
      /Authentication failed|could not read/,
    );
    const post = await ask(origin, "POST", "/git/p1.git/git-upload-pack", { authorization: basic(token) });
    expect(post.status).toBe(401);
  });

  it("takes no push", async () => {
    const origin = await serve();
    await client(basic(READS_ALL), "clone", "--quiet", `${origin}/git/p1.git`, "c");
    commitFiles(folder.join("work/c"), "mine", { "m.txt": "m" });
    await expect(client(basic(READS_ALL), "-C", "c", "push")).rejects.toThrow(/403|read-only/);
    const post = await ask(origin, "POST", "/git/p1.git/git-receive-pack", {
      authorization: basic(READS_ALL),
    });
    expect([post.status, post.body.toString()]).toEqual([403, expect.stringContaining("read-only")]);
    expect(git(source, "rev-parse", "HEAD")).toBe(head);
  });

  it.each([
    ["GET", "/git/p1.git/config", 404],
    ["GET", "/git/..%2f..%2fetc.git/info/refs?service=git-upload-pack", 404],
    ["DELETE", "/git/p1.git/git-upload-pack", 405],
    ["GET", "/github", 418],
  ])("answers %s %s with %d", async (method, path, status) => {
    const origin = await serve();
    expect((await ask(origin, method, path, { authorization: basic(READS_ALL) })).status).toBe(status);
  });

  it("speaks protocol 2 where the client does, and lets nothing be cached", async () => {
    const origin = await serve();
    const authorization = basic(READS_ALL);
    const path = "/git/p1.git/info/refs?service=git-upload-pack";
    const second = await ask(origin, "GET", path, { authorization, "git-protocol": "version=2" });
    const first = await ask(origin, "GET", path, { authorization, "git-protocol": "version=2;\t$(x)" });
    expect(second.body.toString()).toContain("version 2");
    expect(first.body.toString()).toContain("refs/heads/main");
    expect(second.headers).toMatchObject({
      "content-type": "application/x-git-upload-pack-advertisement",
      "cache-control": expect.stringContaining("no-cache"),
    });
  });

  it("takes a compressed request, as git sends long ones", async () => {
    const origin = await serve();
    const lines = ["command=ls-refs\n", "0001", "peel\n", "0000"];
    const body = lines
      .map((line) => (/^000\d$/.test(line) ? line : (line.length + 4).toString(16).padStart(4, "0") + line))
      .join("");
    const answer = await ask(
      origin,
      "POST",
      "/git/p1.git/git-upload-pack",
      {
        authorization: basic(READS_ALL),
        "content-type": "application/x-git-upload-pack-request",
        "content-encoding": "gzip",
        "git-protocol": "version=2",
      },
      gzipSync(body),
    );
    expect([answer.status, answer.body.toString()]).toEqual([
      200,
      expect.stringContaining(`${head} refs/heads/main`),
    ]);
  });

  it("answers a request that is none of git's with an error of git's, and lives on", async () => {
    const origin = await serve();
    const authorization = basic(READS_ALL);
    const headers = { authorization, "content-type": "text/plain" };
    const answer = await ask(origin, "POST", "/git/p1.git/git-upload-pack", headers, Buffer.from("hello"));
    expect(answer.status).toBe(415);
    expect(await client(authorization, "ls-remote", `${origin}/git/p1.git`, "HEAD")).toContain(head);
  });
});

describe("GitHttpHandler, when things go wrong", () => {
  /** A git that does as told, first on PATH. Its processes note their numbers. */
  function fakeGit(script: string): string {
    mkdirSync(folder.join("bin"));
    writeFileSync(folder.join("bin/git"), `#!/bin/sh\necho $$ > "${folder.join("pid")}"\n${script}\n`);
    chmodSync(folder.join("bin/git"), 0o755);
    return `${folder.join("bin")}:${process.env.PATH}`;
  }
  const HEAD = "printf 'Content-Type: text/plain\\r\\n\\r\\n'";
  const REFS = "/git/p1.git/info/refs?service=git-upload-pack";
  const repositories = () => ({
    mirrorPath: async () => source,
    resolve: async () => Promise.reject(new Error("no")),
  });
  const authorization = basic(READS_ALL);

  function isAlive(pid: number): boolean {
    try {
      process.kill(pid, 0);
      return !readFileSync(`/proc/${pid}/stat`, "utf8").includes(") Z");
    } catch {
      return false;
    }
  }

  async function pidIn(file: string): Promise<number> {
    await expect
      .poll(() => existsSync(folder.join(file)) && readFileSync(folder.join(file), "utf8"))
      .toMatch(/\d\n/);
    return Number(readFileSync(folder.join(file), "utf8"));
  }

  it("ends git and what it started when the client goes away", async () => {
    const path = fakeGit(`sleep 1000 & echo $! > "${folder.join("child")}"; ${HEAD}; yes`);
    const origin = await serve({ path, repositories: repositories() });
    const request = httpRequest(`${origin}${REFS}`, { headers: { authorization } });
    request.on("error", () => undefined).end();
    await once(request, "response");
    const pids = [await pidIn("pid"), await pidIn("child")];
    expect(pids.map(isAlive)).toEqual([true, true]);
    request.destroy();
    await expect.poll(() => pids.map(isAlive)).toEqual([false, false]);
  });

  it("ends git when the client goes away while it still sends", async () => {
    const origin = await serve({ path: fakeGit("cat > /dev/null"), repositories: repositories() });
    const request = httpRequest(`${origin}/git/p1.git/git-upload-pack`, {
      method: "POST",
      headers: { authorization, "content-length": 1000 },
    });
    request.on("error", () => undefined).write("some");
    const pid = await pidIn("pid");
    request.destroy();
    await expect.poll(() => isAlive(pid)).toBe(false);
  });

  it("ends git when it has taken too long", async () => {
    const clock = new FakeClock();
    const origin = await serve({
      path: fakeGit("sleep 1000"),
      repositories: repositories(),
      clock,
      timeLimitMs: 5000,
    });
    const answer = ask(origin, "GET", REFS, { authorization });
    const pid = await pidIn("pid");
    clock.advance(5000);
    expect((await answer).status).toBe(500);
    expect(isAlive(pid)).toBe(false);
    expect(clock.pending).toBe(0);
  });

  it.each([
    ["ends without an answer", "exit 3", 500],
    ["answers with no head", "echo hello", 500],
    ["answers with a broken head", "printf 'no colon\\n\\nbody'", 500],
    ["answers with an endless head", "yes", 500],
    ["answers with a status of its own", "printf 'Status: 404 Not Found\\r\\nExpires: 0\\r\\n\\r\\n'", 404],
  ])("says so where git %s", async (_, script, status) => {
    const origin = await serve({ path: fakeGit(script), repositories: repositories() });
    const answer = await ask(origin, "GET", REFS, { authorization });
    expect(answer.status).toBe(status);
    expect(answer.body.toString()).not.toContain(source);
  });

  it("says that it cannot serve where there is no git", async () => {
    const origin = await serve({ path: folder.join("nowhere"), repositories: repositories() });
    expect((await ask(origin, "GET", REFS, { authorization })).status).toBe(500);
  });

  it("passes the end of a broken stream on as one: a client never takes a part for the whole", async () => {
    const origin = await serve({
      path: fakeGit(`${HEAD}; echo part; kill -9 $$`),
      repositories: repositories(),
    });
    await expect(ask(origin, "GET", REFS, { authorization })).rejects.toThrow();
  });

  it("has who comes beyond its limit wait for a turn", async () => {
    const path = fakeGit(`[ -e "${folder.join("go")}" ] || sleep 1000; ${HEAD}; echo served`);
    const clock = new FakeClock();
    const origin = await serve({
      path,
      repositories: repositories(),
      maxProcesses: 1,
      waitLimitMs: 1000,
      clock,
    });
    const first = httpRequest(`${origin}${REFS}`, { headers: { authorization } });
    first.on("error", () => undefined).end();
    await pidIn("pid");
    const late = ask(origin, "GET", REFS, { authorization });
    const gone = httpRequest(`${origin}${REFS}`, { headers: { authorization } });
    gone.on("error", () => undefined).end();
    // The one that runs has a timer too.
    await expect.poll(() => clock.pending).toBe(3);
    gone.destroy();
    await expect.poll(() => clock.pending).toBe(2);
    clock.advance(1000);
    const { status, headers } = await late;
    expect([status, headers["retry-after"]]).toEqual([503, "1"]);
    const next = ask(origin, "GET", REFS, { authorization });
    await expect.poll(() => clock.pending).toBe(2);
    writeFileSync(folder.join("go"), "");
    first.destroy();
    expect((await next).body.toString()).toBe("served\n");
    expect((await ask(origin, "GET", REFS, { authorization })).status).toBe(200);
    expect(clock.pending).toBe(0);
  });

  it("gives a large clone whole", async () => {
    writeFileSync(folder.join("source/big"), randomBytes(8_000_000));
    git(source, "add", "--all");
    git(source, "commit", "--quiet", "-m", "big");
    const origin = await serve();
    await client(authorization, "clone", "--quiet", `${origin}/git/p1.git`, "c");
    expect(readdirSync(folder.join("work/c"))).toContain("big");
    expect(git(folder.join("work/c"), "fsck", "--strict")).toBe("");
  });
});
