// The command line as people and scripts use it, against a real server.
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { git } from "../support/git.ts";
import { embeddedPlatform, type Platform } from "../support/platform.ts";
import { waitFor } from "../support/server.ts";
import { type Ran, type RunOptions, slipway } from "../support/slipway.ts";
import { unzip } from "../support/unzip.ts";
import { FILES } from "./path-repository.ts";

const LIMIT_MS = 120_000;

let platform: Platform;
let repository: string;
let home: string;
let gates = 0;

/** In the repository, with a home that keeps the login. */
const run = (args: readonly string[], more: Partial<RunOptions> = {}): Promise<Ran> =>
  slipway(args, { cwd: repository, ...more, env: { HOME: home, ...more.env } });

const ok = async (...args: string[]): Promise<string> => {
  const ran = await run(args);
  expect(ran, args.join(" ")).toMatchObject({ code: 0 });
  return ran.stdout;
};
const json = async <T>(...args: string[]): Promise<T> => JSON.parse(await ok(...args, "--json")) as T;

const nextGate = () => {
  gates += 1;
  const path = platform.box.join(`cli-gate-${gates}`);
  return { path, open: () => writeFileSync(path, "") };
};

/** The number of a build that has said that it waits. */
async function heldBuild(gate: { readonly path: string }): Promise<string> {
  const { number } = await json<{ number: number }>("trigger", "held", "-i", `gate=${gate.path}`);
  await waitFor(async () => /^waiting$/m.test((await run(["logs", `${number}`])).stdout), 60_000);
  return `${number}`;
}

beforeAll(async () => {
  platform = await embeddedPlatform({ env: { SLIPWAY_STOP_TIMEOUT: "1s" } });
  repository = platform.box.repository("shop", FILES);
  home = platform.box.join("home");
  platform.box.write({ "home/.keep": "" });
}, 60_000);
afterAll(() => platform.stop(), 60_000);

describe("a session of the command line", () => {
  it(
    "begins with a login, which is kept for its owner alone, and a project",
    async () => {
      const { address, token } = platform.api;
      const wrong = await run(["login", address, "--token-stdin"], { stdin: "slw_wrong\n" });
      expect(wrong.code).toBe(2);
      expect(wrong.stderr).toContain(`${address} does not take this token`);
      expect(existsSync(`${home}/.config/slipway/servers.json`)).toBe(false);
      expect(await run(["builds"])).toMatchObject({
        code: 2,
        stderr: expect.stringContaining("slipway login"),
      });

      const login = await run(["login", address, "--token-stdin"], { stdin: `${token}\n` });
      expect(login).toMatchObject({ code: 0, stdout: expect.stringContaining("as admin (admin)") });
      expect(login.stdout + login.stderr).not.toContain(token);
      expect(statSync(`${home}/.config/slipway/servers.json`).mode & 0o777).toBe(0o600);

      const link = (await ok("login", "--link")).trim();
      expect(link).toMatch(new RegExp(`^${address}/login\\?code=`));
      expect((await fetch(link, { redirect: "manual" })).status).toBe(303);
      expect(await run(["builds"])).toMatchObject({
        code: 2,
        stderr: expect.stringContaining("slipway project add"),
      });
      expect(await ok("project", "add", ".", "--name", "acme/shop")).toContain("Added acme/shop");
      expect(await run(["project", "add", ".", "--name", "acme/shop"])).toMatchObject({ code: 1 });
      const missing = await run(["project", "add", "/nowhere/at/all", "--name", "acme/none"]);
      expect(missing.code).not.toBe(0);
      expect(missing.stderr).toContain("/nowhere/at/all");
      expect(await ok("project")).toMatch(/^project +branch +repository\nacme\/shop +main +\//);
      expect(await ok("project", "set", "--max-builds", "9")).toMatch(/^maxBuilds +9$/m);
      expect(await json("project", "show")).toMatchObject({ name: "acme/shop", settings: { maxBuilds: 9 } });
      expect(await run(["builds"])).toMatchObject({ code: 0, stdout: "", stderr: "There are none.\n" });
    },
    LIMIT_MS,
  );

  it(
    "starts a build by the name of its file, watches it, and ends as it ended",
    async () => {
      const good = await run(["trigger", "one.yml", "--watch"]);
      expect(good.code).toBe(0);
      expect(good.stdout).toContain(`one | hello from ${git(repository, "rev-parse", "HEAD")}`);
      expect(good.stdout).toMatch(/✓ Succeeded\. 1 job: 1 done\n$/);
      const gate = nextGate();
      const bad = await run(["trigger", "flaky", "-i", `gate=${gate.path}`, "--watch"]);
      expect(bad.code).toBe(1);
      expect(bad.stdout).toMatch(/✗ Failed/);
      const events = (await run(["watch", "1", "--json"])).stdout
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line));
      expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => index + 1));
      expect(events.map(({ type }) => type)).toEqual(
        expect.arrayContaining([
          "build.started",
          "job.started",
          "step.started",
          "log",
          "step.finished",
          "job.finished",
        ]),
      );
      expect(events.at(-1)).toMatchObject({ type: "build.finished", result: "success" });
      gate.open();
      expect(await ok("rerun", "2", "--failed", "--watch")).not.toContain("good ran");
      expect(await run(["watch", "2.1", "-q"])).toMatchObject({ code: 1 });
      expect(await run(["watch", "2", "-q"])).toMatchObject({ code: 0 });
    },
    LIMIT_MS,
  );

  it(
    "lists builds as a table and as JSON, and by filters",
    async () => {
      expect(await ok("builds")).toMatch(
        /^build +status +pipeline +ref +commit .*\n2\.2 +succeeded +flaky +main .*\n2 +failed +flaky +main .*\n1 +succeeded +one +main /,
      );
      expect(
        (await json<{ number: number }[]>("builds", "--status", "failed")).map(({ number }) => number),
      ).toEqual([2]);
      expect(await json<unknown[]>("builds", "--pipeline", "one", "-n", "1")).toHaveLength(1);
      expect(await json("builds", "--trigger", "schedule")).toEqual([]);
      for (const [args, problem] of [
        [["--status", "done"], "status"],
        [["--limit", "0"], "--limit 0"],
        [["--pipeline", "nothing"], "pipeline"],
      ] as const)
        expect(await run(["builds", ...args])).toMatchObject({
          code: 2,
          stderr: expect.stringContaining(problem),
        });
    },
    LIMIT_MS,
  );

  it(
    "prints logs: all, of a job, of what failed, with times, as a zip",
    async () => {
      const all = await ok("logs", "2.1");
      expect(all).toMatch(/^== good\n/);
      expect(all).toContain("good ran in attempt 1");
      expect(all).not.toContain("\u001b");
      expect((await run(["logs", "2.1"], { env: { FORCE_COLOR: "1" } })).stdout).toContain("\u001b[36;1m");
      const failed = await ok("logs", "2.1", "--failed");
      expect(failed).toContain("bad ran in attempt 1");
      expect(failed).not.toContain("good ran");
      expect(await ok("logs", "1", "--job", "one", "-t")).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z hello from/m);
      expect(await ok("logs", "1", "--download", `${home}/logs.zip`)).toContain("logs.zip");
      expect([...unzip(`${home}/logs.zip`).values()].join("")).toContain("hello from");
      expect(await run(["logs", "1", "--download", "/nowhere/logs.zip"])).toMatchObject({ code: 2 });
      expect(await run(["logs", "1", "--job", "two"])).toMatchObject({
        code: 2,
        stderr: expect.stringContaining("It has: one"),
      });
    },
    LIMIT_MS,
  );

  it(
    "follows a build that runs, and cancels it",
    async () => {
      const gate = nextGate();
      const number = await heldBuild(gate);
      const followed = run(["logs", number, "--follow"]);
      const ofJob = run(["logs", number, "--follow", "--job", "held"]);
      let said = "";
      const watched = run(["watch", number], {
        onStdout(soFar, child) {
          // Ctrl-C ends the watching, and only that.
          if (said === "" && soFar.includes("held | waiting")) child.kill("SIGINT");
          if (soFar.includes("held | waiting")) said = soFar;
        },
      });
      expect(await watched).toMatchObject({ code: 130 });
      expect((await watched).stdout + (await watched).stderr).toContain("slipway watch");
      const [{ status } = { status: "" }] = await json<{ status: string }[]>("builds", "-n", "1");
      expect(status).toBe("running");
      expect(await run(["cancel"])).toMatchObject({
        code: 2,
        stderr: expect.stringContaining("Which build?"),
      });
      expect(await ok("cancel", number, "--reason", "no more")).toContain("is being cancelled");
      expect(await run(["watch", number])).toMatchObject({ code: 130 });
      expect(await followed).toMatchObject({ code: 130, stdout: expect.stringContaining("waiting") });
      expect(await ofJob).toMatchObject({ code: 0, stdout: expect.stringMatching(/^waiting$/m) });
      expect(await ok("cancel", number)).toContain("is cancelled");
    },
    LIMIT_MS,
  );

  it(
    "goes on watching where the server is started again",
    async () => {
      const gate = nextGate();
      const number = await heldBuild(gate);
      let first: () => void = () => {};
      const sawFirst = new Promise<void>((resolve) => {
        first = resolve;
      });
      const watched = run(["watch", number, "--json"], {
        onStdout: (soFar) => {
          if (soFar.includes('"job.started"')) first();
        },
      });
      await sawFirst;
      // It takes the build over, and runs the job again: nobody has seen it end.
      await platform.restart();
      gate.open();
      const { code, stdout } = await watched;
      expect(code).toBe(0);
      const last = JSON.parse(stdout.trimEnd().split("\n").at(-1) ?? "{}");
      expect(last).toMatchObject({ type: "build.finished", result: "success" });
      expect(await ok("logs", number, "--job", "held")).toMatch(/^through the gate$/m);
    },
    LIMIT_MS,
  );

  it(
    "lists and fetches artifacts",
    async () => {
      const { number } = await json<{ number: number }>("trigger", ".platform.yaml");
      expect(await run(["watch", `${number}`, "-q"])).toMatchObject({ code: 0 });
      expect(await ok("artifacts", `${number}`)).toMatch(/^artifact +file +bytes .*\nprogram +/);
      expect(await ok("artifacts", `${number}`, "--download", `${home}/got`)).toContain("program: ");
      expect(readdirSync(`${home}/got`)).toHaveLength(1);
      expect(await run(["artifacts", `${number}`, "--name", "none"])).toMatchObject({
        code: 2,
        stderr: expect.stringContaining("It has: program"),
      });
    },
    LIMIT_MS,
  );

  it(
    "sets, lists and deletes secrets and variables; a secret's value comes from standard input only",
    async () => {
      expect(await run(["secret", "set", "DEPLOY_KEY"], { stdin: "s3cret-value\n" })).toMatchObject({
        code: 0,
      });
      expect(await ok("secret")).toMatch(/^name +set\nDEPLOY_KEY +\d+s ago\n$/);
      expect(await ok("secret", "list", "--json")).not.toContain("s3cret-value");
      expect(await run(["secret", "set", "A=b"])).toMatchObject({ code: 2 });
      expect(await run(["secret", "set", "EMPTY"], { stdin: "" })).toMatchObject({ code: 2 });
      await ok("variable", "set", "REGION=north");
      expect(await ok("variable")).toMatch(/REGION +north/);
      expect(await run(["variable", "set", "1BAD=x"])).toMatchObject({ code: 2 });
      await ok("variable", "delete", "REGION");
      expect(await run(["variable", "delete", "REGION"])).toMatchObject({ code: 2 });
    },
    LIMIT_MS,
  );

  it(
    "approves and rejects what waits for a reviewer",
    async () => {
      const projects = await json<{ id: string }[]>("project");
      const path = `projects/${projects[0]?.id}/environments/production`;
      await platform.api.ok("PUT", path, { reviewers: ["*"] });
      for (const [option, code] of [
        [[], 0],
        [["--reject", "-m", "not today"], 1],
      ] as const) {
        const { number } = await json<{ number: number }>("trigger", "deploy");
        expect(await run(["approve", `${number}`, "-e", "staging"])).toMatchObject({ code: 2 });
        await waitFor(
          async () => (await run(["approve", `${number}`, "-e", "production", ...option])).code === 0,
          60_000,
        );
        expect(await run(["watch", `${number}`, "-q"])).toMatchObject({ code });
      }
    },
    LIMIT_MS,
  );

  it(
    "makes and revokes tokens, and shows the queue to who may see it",
    async () => {
      const made = await run([
        "token",
        "create",
        "reader",
        "--permission",
        "project:read",
        "--expires",
        "1d",
      ]);
      const secret = made.stdout.trim();
      expect(secret).toMatch(/^slw_\S+$/);
      const as = { env: { SLIPWAY_TOKEN: secret } };
      expect(await run(["builds"], as)).toMatchObject({ code: 0 });
      expect(await run(["trigger", "one"], as)).toMatchObject({
        code: 1,
        stderr: expect.stringMatching(/project:write|allow|may not/),
      });
      expect(await run(["queue"], as)).toMatchObject({ code: 1 });
      expect(await ok("queue")).toMatch(/^messages: engine +memory$/m);
      expect(await run(["queue", "show"])).toMatchObject({ code: 0, stderr: "There are none.\n" });
      expect(await ok("queue", "requeue")).toBe("Put 0 back into the queue.\n");
      const { name } = (await json<{ name: string }[]>("project"))[0] ?? { name: "" };
      await ok("token", "create", "of-one", "--permission", "project:read", "--project", name);
      const list = await ok("token");
      expect(list).toMatch(/ reader +project:read +every project .* \d{4}-\d\d-\d\d *$/m);
      expect(list).toMatch(new RegExp(` of-one +project:read +${name} .* never *$`, "m"));
      const tokens = await json<{ id: string; name: string }[]>("token");
      await ok("token", "revoke", tokens.find(({ name }) => name === "reader")?.id ?? "");
      expect(await run(["builds"], as)).toMatchObject({
        code: 2,
        stderr: expect.stringContaining("does not take this token"),
      });
    },
    LIMIT_MS,
  );

  it(
    "says what is wrong: no server, no such project, build or command",
    async () => {
      for (const [args, env, code, problem] of [
        [
          ["builds"],
          { SLIPWAY_SERVER: "http://127.0.0.1:9", SLIPWAY_TOKEN: "x" },
          1,
          /Cannot reach http:\/\/127\.0\.0\.1:9/,
        ],
        [["builds"], { SLIPWAY_SERVER: "not a server" }, 2, /no address of a server/],
        [
          ["builds", "--server", "http://elsewhere.example"],
          {},
          2,
          /no token for http:\/\/elsewhere\.example/,
        ],
        [["builds", "-p", "acme/shpo"], {}, 2, /Did you mean acme\/shop\?/],
        [["watch", "999"], {}, 2, /no build 999/],
        [["watch", "one"], {}, 2, /neither the number nor the id/],
        [["watch", "12345678-1234-1234-1234-123456789abc"], {}, 2, /./],
        [["trigger", "one", "--input", "novalue"], {}, 2, /--input/],
        [["rerun", "1", "--failed", "--job", "x"], {}, 2, /do not go together/],
        [["project", "remove"], {}, 2, /Which project\?/],
        [["builds", "--stauts", "x"], {}, 2, /Did you mean --status\?/],
      ] as const) {
        const ran = await run(args, { env });
        expect(ran, args.join(" ")).toMatchObject({ code, stdout: "" });
        expect(ran.stderr, args.join(" ")).toMatch(problem);
        expect(ran.stderr).not.toContain("itself failed");
      }
    },
    LIMIT_MS,
  );

  it(
    "ends with the project and the login gone",
    async () => {
      expect(await ok("project", "remove", "acme/shop")).toContain("Removed acme/shop");
      expect(await ok("login", "--forget")).toContain("Forgot");
      expect(readFileSync(`${home}/.config/slipway/servers.json`, "utf8")).not.toContain("slw_");
      expect(await run(["project"])).toMatchObject({ code: 2 });
    },
    LIMIT_MS,
  );
});
