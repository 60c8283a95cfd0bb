import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { main } from "../main.ts";
import { type MemoryIoOptions, memoryIo } from "../memory-io.fixture.ts";
import { COMMANDS } from "../options/command-specs.ts";
import { problem, scriptedServer } from "../remote/scripted-server.fixture.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "slipway-usage-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function slipway(args: readonly string[], options: Partial<MemoryIoOptions> = {}) {
  const io = memoryIo({ cwd: folder, ...options });
  const code = await main(args, io);
  return { code, out: io.stdout.text, err: io.stderr.text };
}

const REMOTE = COMMANDS.filter(({ options }) => options.some(({ name }) => name === "server"));

describe.each(REMOTE.map(({ name }) => name))("slipway %s", (name) => {
  it("shows its help without a server", async () => {
    const { code, out } = await slipway([name, "--help"]);
    expect(code).toBe(0);
    expect(out).toContain(`slipway ${name}`);
  });

  it("says that no server is known", async () => {
    const words: Record<string, string[]> = { cancel: ["1"], backup: ["a.db"] };
    const { code, err, out } = await slipway([name, ...(words[name] ?? [])]);
    expect([code, out]).toEqual([2, ""]);
    expect(err).toContain("No server is known yet.");
  });

  it("refuses an option it has not", async () => {
    expect(await slipway([name, "--nonsense"])).toMatchObject({
      code: 2,
      err: expect.stringContaining("--nonsense"),
    });
  });
});

it.each([
  [["project", "destroy"], /There are: list, add, show, set, remove/],
  [["project", "add"], /Which repository\?/],
  [["project", "set"], /What is to be set\?/],
  [["project", "set", "--max-jobs", "0"], /--max-jobs 0 is not a number from 1 on/],
  [["project", "set", "--max-builds", "-1"], /--max-builds/],
  [["project", "remove"], /Which project\?/],
  [["secret", "drop", "A"], /There are: list, set, delete/],
  [["secret", "set"], /Which secret\?/],
  [["secret", "set", "A=b"], /not given on the command line/],
  [["secret", "set", "A"], /No value was given/],
  [["variable", "set", "A"], /has no value/],
  [["variable", "delete"], /Which variable\?/],
  [["token", "create"], /What is the token called\?/],
  [["token", "create", "a"], /What may the token do\?/],
  [["token", "create", "a", "--permission", "admin", "--expires", "soon"], /--expires soon is no duration/],
  [["token", "revoke"], /Which token\?/],
  [["queue", "drain"], /There are: list, show, requeue/],
  [["builds", "--limit", "many"], /--limit many is not a number/],
  [["rerun", "--failed", "--job", "a"], /do not go together/],
  [["trigger", "--input", "a"], /--input/],
  [["cancel"], /Which build\?/],
] as const)("%j is no command line", async (args, problemText) => {
  const project = { id: "p", name: "acme/shop", repositoryUrl: "/x", defaultBranch: "main", settings: {} };
  const { address, asked } = await scriptedServer(({ method, path }) =>
    method !== "GET" ? undefined : path.includes("/projects?") ? { items: [project] } : project,
  );
  const { code, out, err } = await slipway(args, { env: { SLIPWAY_SERVER: address, SLIPWAY_TOKEN: "x" } });
  expect([code, out]).toEqual([2, ""]);
  expect(err).toMatch(problemText);
  expect(asked.filter(({ method }) => method !== "GET")).toEqual([]);
});

describe("slipway login", () => {
  it("asks for the token where a terminal is there, and does not keep one that is not taken", async () => {
    const { address } = await scriptedServer(({ authorization }, response) =>
      authorization === "Bearer slw_good"
        ? { name: "ada", permissions: ["admin"] }
        : problem(response, 401, { detail: "Unknown." }),
    );
    expect(await slipway(["login", address], { typed: ["slw_bad"] })).toMatchObject({
      code: 2,
      err: expect.stringContaining("Unknown."),
    });
    expect((await slipway(["builds"])).err).toContain("No server is known yet.");
    const good = await slipway(["login", address], { typed: [" slw_good "] });
    expect(good).toMatchObject({
      code: 0,
      out: expect.stringContaining(`Logged in to ${address} as ada (admin)`),
    });
    expect(good.out + good.err).not.toContain("slw_good");
    expect(await slipway(["login", "--forget"])).toMatchObject({ code: 0, out: `Forgot ${address}.\n` });
    expect((await slipway(["builds"])).err).toContain("No server is known yet.");
  });

  it.each([
    [[], {}, /Which server\?/],
    [["localhost:1"], {}, /Standard input is no terminal/],
    [["localhost:1"], { typed: [undefined] }, /No token was given/],
    [["localhost:1", "--token-stdin"], { stdin: "\n" }, /No token was given/],
    [["http://localhost:1/x"], {}, /has a path/],
  ] as const)("%j is refused", async (args, options, text) => {
    const { code, err } = await slipway(["login", ...args], options);
    expect(code).toBe(2);
    expect(err).toMatch(text);
  });
});

describe("shells are offered", () => {
  const offered = async (...words: string[]) =>
    (await slipway(["__complete", ...words])).out
      .trimEnd()
      .split("\n")
      .map((line) => line.split("\t")[0]);

  it("every option of every command", async () => {
    for (const { name, options } of REMOTE)
      expect(await offered(name, "--")).toEqual(["none", ...options.map((option) => `--${option.name}`)]);
  });

  it.each([
    [
      ["project", ""],
      ["none", "list", "add", "show", "set", "remove"],
    ],
    [["project", "add", ""], ["folder"]],
    [
      ["project", "--server", "x", ""],
      ["none", "list", "add", "show", "set", "remove"],
    ],
    [
      ["secret", ""],
      ["none", "list", "set", "delete"],
    ],
    [
      ["queue", ""],
      ["none", "list", "show", "requeue"],
    ],
    [
      ["token", "create", "x", "--permission", ""],
      ["none", "project:read", "project:write", "admin"],
    ],
    [
      ["builds", "--status", ""],
      ["none", "pending", "queued", "running", "succeeded", "failed", "cancelled"],
    ],
    [["artifacts", "--download", ""], ["folder"]],
    [["logs", "--download", ""], ["file"]],
    [["watch", ""], ["none"]],
    [["cancel", "1", ""], ["none"]],
  ])("what fits after %j", async (words, offers) => {
    expect(await offered(...words)).toEqual(offers);
  });
});
