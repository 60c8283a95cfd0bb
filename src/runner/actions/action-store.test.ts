import { execFileSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ExecError } from "../../errors.ts";
import type { ActionSources, CheckoutSource } from "../../protocol/job-request.ts";
import {
  commitFiles,
  GIT_ENV,
  git,
  makeRepository,
  TestFolder,
  writeFiles,
} from "../git/repository.fixture.ts";
import {
  type ActionStore,
  type ActionStoreOptions,
  createActionStore,
  type ResolveOptions,
} from "./action-store.ts";
import type { FolderAction, ResolvedAction } from "./resolved-action.ts";

const NODE_ACTION = "name: A\ndescription: a\nruns:\n  using: node20\n  main: index.js\n";

let folder: TestFolder;
let lines: string[] = [];
beforeEach(() => {
  folder = new TestFolder();
  lines = [];
});
afterEach(() => folder.remove());

function store(sources: Partial<ActionSources> = {}, more: Partial<ActionStoreOptions> = {}): ActionStore {
  const checkout: CheckoutSource = {
    builtin: true,
    repository: "me/project",
    serverUrl: "https://github.com",
    source: { kind: "worktree", path: folder.join("project") },
    bound: false,
  };
  return createActionStore({
    sources: { url: `file://${folder.join("server")}`, local: {}, offline: false, ...sources },
    cacheDirectory: folder.join("cache"),
    checkout,
    env: GIT_ENV,
    now: () => 1_000_000,
    ...more,
  });
}

const options = (more: Partial<ResolveOptions> = {}): ResolveOptions => ({
  workspace: folder.join("workspace"),
  signal: new AbortController().signal,
  log: (line) => lines.push(line),
  ...more,
});

async function failure(promise: Promise<unknown>): Promise<ExecError> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof ExecError) return error;
  throw new Error(`expected an ExecError, got ${String(error)}`);
}

function asFolder(action: ResolvedAction): FolderAction {
  if (action.kind !== "action") throw new Error(`expected a folder, got ${action.kind}`);
  return action;
}

const main = async (of: Promise<ResolvedAction>) =>
  readFileSync(`${asFolder(await of).directory}/index.js`, "utf8");

/** `o/r` with v1 (annotated), v2, a branch, a moved branch `main`, and actions below its root. */
function serverRepository(): { first: string; second: string } {
  const path = makeRepository(folder.join("server/o/r"), { "action.yml": NODE_ACTION, "index.js": "1" });
  const first = git(path, "rev-parse", "HEAD");
  git(path, "tag", "-a", "v1", "-m", "annotated");
  git(path, "branch", "release/x");
  const second = commitFiles(path, "second", {
    "index.js": "2",
    "sub/dir/action.yaml": NODE_ACTION,
    "sub/dir/index.js": "sub",
    "docker/Dockerfile": "FROM scratch",
    "empty/readme": "",
  });
  git(path, "tag", "v2");
  return { first, second };
}

describe("an action of a server", () => {
  it.each([
    ["an annotated tag", "v1", "1"],
    ["a tag", "v2", "2"],
    ["a branch", "main", "2"],
    ["a branch with a slash", "release/x", "1"],
    ["a full ref", "refs/tags/v1", "1"],
  ])("is found by %s", async (_, ref, content) => {
    serverRepository();
    expect(await main(store().resolve(`o/r@${ref}`, options()))).toBe(content);
  });

  it("is found by its whole commit id, also one that no ref names any more", async () => {
    const { first } = serverRepository();
    expect(await main(store().resolve(`o/r@${first.toUpperCase()}`, options()))).toBe("1");
    const path = folder.join("server/o/r");
    const lone = commitFiles(path, "lone", { "index.js": "lone" });
    git(path, "reset", "--quiet", "--hard", "HEAD~1");
    expect(await main(store().resolve(`o/r@${lone}`, options()))).toBe("lone");
  });

  it("says what it is: folder, repository, ref, commit", async () => {
    const { first, second } = serverRepository();
    expect(asFolder(await store().resolve("o/r@v1", options()))).toMatchObject({
      kind: "action",
      directory: folder.join("cache/o/r", first),
      root: folder.join("cache/o/r", first),
      repository: "o/r",
      ref: "v1",
      sha: first,
      local: false,
    });
    expect(asFolder(await store().resolve("o/r/sub/dir@v2", options()))).toMatchObject({
      directory: folder.join("cache/o/r", second, "sub/dir"),
      root: folder.join("cache/o/r", second),
    });
  });

  it("leaves nothing in the cache but the commit's files and what its refs stood for", async () => {
    const { first } = serverRepository();
    await store().resolve("o/r@v1", options());
    expect(readdirSync(folder.join("cache/o/r")).sort()).toEqual([".refs", first]);
    expect(readdirSync(folder.join("cache/o/r", first)).sort()).toEqual(["action.yml", "index.js"]);
  });

  it("follows a branch that moves, and keeps what was fetched of both", async () => {
    const { second } = serverRepository();
    expect(await main(store().resolve("o/r@main", options()))).toBe("2");
    const third = commitFiles(folder.join("server/o/r"), "third", { "index.js": "3" });
    expect(await main(store().resolve("o/r@main", options()))).toBe("3");
    expect(readdirSync(folder.join("cache/o/r")).sort()).toEqual([".refs", second, third].sort());
  });

  it("keeps links and executable bits", async () => {
    serverRepository();
    const path = folder.join("server/o/r");
    symlinkSync("index.js", `${path}/link.js`);
    commitFiles(path, "link", { "run.sh": ["#!/bin/sh\n", 0o755] });
    const { directory } = asFolder(await store().resolve("o/r@main", options()));
    expect(lstatSync(`${directory}/link.js`).isSymbolicLink()).toBe(true);
    expect(lstatSync(`${directory}/run.sh`).mode & 0o111).toBe(0o111);
  });

  it("may come from a folder in place of an address, and from a bare repository", async () => {
    serverRepository();
    const bare = folder.join("bare/o/r.git");
    mkdirSync(folder.join("bare/o"), { recursive: true });
    git(folder.path, "clone", "--quiet", "--bare", folder.join("server/o/r"), bare);
    expect(await main(store({ url: folder.join("bare") }).resolve("o/r@v2", options()))).toBe("2");
    expect(await main(store({ url: `${folder.join("server")}/` }).resolve("o/r@v1", options()))).toBe("1");
  });

  it("is fetched once by steps that run beside each other", async () => {
    serverRepository();
    const one = store();
    await Promise.all(Array.from({ length: 5 }, () => one.resolve("o/r@v1", options())));
    expect(lines).toHaveLength(1);
  });

  it("is whole for each of many runs at once, which need no lock", async () => {
    serverRepository();
    const results = await Promise.all(
      Array.from({ length: 6 }, () => main(store().resolve("o/r@v2", options()))),
    );
    expect(results).toEqual(["2", "2", "2", "2", "2", "2"]);
    expect(readdirSync(folder.join("cache/o/r")).filter((name) => name.startsWith(".fetch"))).toEqual([]);
  });

  it("is a container's where there is only a Dockerfile", async () => {
    serverRepository();
    const { spec } = asFolder(await store().resolve("o/r/docker@v2", options()));
    expect(spec.runs).toEqual({ using: "docker", image: "Dockerfile" });
  });

  it("is not asked for again within a minute by the jobs of one build, unless the server is this machine", async () => {
    const { first, second } = serverRepository();
    const config = {
      GIT_CONFIG_COUNT: "1",
      GIT_CONFIG_KEY_0: `url.file://${folder.join("server")}/.insteadOf`,
      GIT_CONFIG_VALUE_0: "https://distant.test/",
    };
    const at = (time: number) =>
      store({ url: "https://distant.test" }, { env: { ...GIT_ENV, ...config }, now: () => time }).resolve(
        "o/r@main",
        options(),
      );
    git(folder.join("server/o/r"), "checkout", "--quiet", "--detach", second);
    expect(asFolder(await at(0)).sha).toBe(second);
    git(folder.join("server/o/r"), "branch", "--force", "main", first);
    expect(asFolder(await at(59_000)).sha).toBe(second);
    expect(asFolder(await at(61_000)).sha).toBe(first);
  });
});

describe("an action of a server that is not there", () => {
  it.each([
    ["an unknown repository", "o/nope@v1", "NotFound", /Repository o\/nope was not found at file:.*o\/nope/],
    [
      "an unknown ref, with near ones",
      "o/r@v3",
      "NotFound",
      /Unable to resolve action 'o\/r@v3': o\/r has no tag or branch 'v3'\. Near ones: v2, v1/,
    ],
    ["an unknown full ref", "o/r@refs/pull/9/head", "NotFound", /no tag or branch 'refs\/pull\/9\/head'/],
    ["an unknown commit", `o/r@${"0".repeat(39)}1`, "NotFound", /has no commit 0+1/],
    [
      "an unknown path",
      "o/r/none@v2",
      "NotFound",
      /Can't find 'action\.yml', 'action\.yaml' or 'Dockerfile' for action 'o\/r\/none@v2'/,
    ],
    ["no manifest", "o/r/empty@v2", "NotFound", /Can't find 'action\.yml', 'action\.yaml' or 'Dockerfile'/],
    ["a bad reference", "o@v1", "InvalidSpec", /Invalid action 'o@v1'/],
  ])("fails for %s", async (_, uses, code, message) => {
    serverRepository();
    const error = await failure(store().resolve(uses, options()));
    expect([error.code, error.message]).toEqual([code, expect.stringMatching(message)]);
  });

  it("names the whole commit id for a shortened one", async () => {
    const { second } = serverRepository();
    const error = await failure(store().resolve(`o/r@${second.slice(0, 8)}`, options()));
    expect(error.message).toContain(`shortened commit id; write the whole one, '${second}'`);
  });

  it("tells of a repository that is still empty", async () => {
    mkdirSync(folder.join("server/o/new"), { recursive: true });
    git(folder.join("server/o/new"), "init", "--quiet");
    const error = await failure(store().resolve("o/new@main", options()));
    expect(error.message).toMatch(/no tags and no branches at all/);
  });

  it("fails, retryably, where the network is down, and uses what it knew if it can", async () => {
    const { second } = serverRepository();
    const dead = (env: Record<string, string>, time = 1_000_000) =>
      store({ url: "http://127.0.0.1:9" }, { env: { ...GIT_ENV, ...env }, now: () => time }).resolve(
        "o/r@v2",
        options(),
      );
    expect((await failure(dead({}))).code).toBe("Transient");
    const works = {
      GIT_CONFIG_COUNT: "1",
      GIT_CONFIG_KEY_0: `url.file://${folder.join("server")}/.insteadOf`,
      GIT_CONFIG_VALUE_0: "http://127.0.0.1:9/",
    };
    expect(asFolder(await dead(works)).sha).toBe(second);
    expect(asFolder(await dead({}, 2_000_000)).sha).toBe(second);
    expect(lines.join("\n")).toMatch(/could not be reached.*Using what 'v2' was when it was last seen/);
  });

  it("fails at once on cancel and ends git", async () => {
    serverRepository();
    const cancel = new AbortController();
    cancel.abort();
    expect((await failure(store().resolve("o/r@v1", options({ signal: cancel.signal })))).code).toBe(
      "Cancelled",
    );
    const later = new AbortController();
    // A git that never ends by itself.
    writeFiles(folder.path, {
      "bin/git": ['#!/bin/sh\necho $$ > "$0.pid"\nexec tail -f /dev/null\n', 0o755],
    });
    const env = { ...GIT_ENV, PATH: `${folder.join("bin")}:${GIT_ENV.PATH}` };
    const resolving = failure(store({}, { env }).resolve("o/r@v1", options({ signal: later.signal })));
    await untilExists(folder.join("bin/git.pid"));
    const pid = Number(readFileSync(folder.join("bin/git.pid"), "utf8"));
    later.abort();
    expect((await resolving).code).toBe("Cancelled");
    expect(() => process.kill(pid, 0)).toThrow();
  });

  it("says so where there is no git", async () => {
    const error = await failure(store({}, { env: { PATH: "/nonexistent" } }).resolve("o/r@v1", options()));
    expect(error.message).toMatch(/git could not be started: it is not on PATH/);
  });

  it("says so where the cache cannot be written", async () => {
    serverRepository();
    writeFileSync(folder.join("cache"), "a file in its way");
    const error = await failure(store().resolve("o/r@v1", options()));
    expect(error.message).toMatch(/action cache cannot be written/);
  });

  it("lists all mistakes of a bad manifest with their places", async () => {
    makeRepository(folder.join("server/o/bad"), { "action.yml": "name: x\nruns:\n  using: fortran\n" });
    const error = await failure(store().resolve("o/bad@main", options()));
    expect([error.code, error.message]).toEqual([
      "InvalidSpec",
      expect.stringMatching(/Failed to load o\/bad\/action\.yml:\n.*o\/bad\/action\.yml:3:/),
    ]);
  });
});

async function untilExists(path: string): Promise<void> {
  while (!existsSync(path) || readFileSync(path, "utf8") === "")
    await new Promise((resolve) => setImmediate(resolve));
}

describe("offline", () => {
  it("finds what an earlier run fetched, by ref and by commit", async () => {
    const { first } = serverRepository();
    await store().resolve("o/r@v1", options());
    rmSync(folder.join("server"), { recursive: true });
    const offline = store({ offline: true });
    expect(await main(offline.resolve("o/r@v1", options()))).toBe("1");
    expect(await main(offline.resolve(`o/r@${first}`, options()))).toBe("1");
  });

  it("says what is missing, what there is, and what to do", async () => {
    serverRepository();
    await store().resolve("o/r@v1", options());
    const error = await failure(store({ offline: true }).resolve("o/r@v2", options()));
    expect(error.message).toMatch(
      /'o\/r@v2' is not in the action cache.*Of o\/r it holds: v1\..*--local-action/,
    );
    const other = await failure(
      store({ offline: true, url: "https://elsewhere.test" }).resolve("o/r@v1", options()),
    );
    expect(other.code).toBe("NotFound");
  });
});

describe("a stand-in that comes with the program", () => {
  const bundled = () => ({ "o/r": folder.join("bundled") });

  function bundledAction(): void {
    writeFiles(folder.join("bundled"), { "action.yml": NODE_ACTION, "index.js": "bundled" });
  }

  it("is used where the server cannot be reached, and says so", async () => {
    bundledAction();
    const out = store({ url: "http://127.0.0.1:1", bundled: bundled() });
    expect(asFolder(await out.resolve("O/R@v9", options()))).toMatchObject({
      directory: folder.join("bundled"),
      repository: "O/R",
      ref: "v9",
    });
    expect(lines.join("\n")).toMatch(
      /could not be reached.*a stand-in that comes with Slipway is used for 'O\/R@v9'/,
    );
  });

  it("is used offline where the cache has nothing", async () => {
    bundledAction();
    const out = store({ offline: true, bundled: bundled() });
    expect(asFolder(await out.resolve("o/r@v1", options())).directory).toBe(folder.join("bundled"));
    expect((await failure(out.resolve("o/r/below@v1", options()))).code).toBe("NotFound");
    expect((await failure(out.resolve("o/other@v1", options()))).code).toBe("NotFound");
  });

  it("is not used where the server has the action, nor where it says there is no such ref", async () => {
    serverRepository();
    bundledAction();
    const out = store({ bundled: bundled() });
    expect(await main(out.resolve("o/r@v1", options()))).toBe("1");
    expect((await failure(out.resolve("o/r@v99", options()))).message).toContain("no tag or branch 'v99'");
  });
});

describe("a folder named in place of an action", () => {
  it("is used as it is, without any fetching, whatever the case of its name", async () => {
    writeFiles(folder.join("mine"), {
      "action.yml": NODE_ACTION,
      "index.js": "mine",
      "sub/action.yml": NODE_ACTION,
    });
    const local = { "O/R@v1": folder.join("mine") };
    const found = asFolder(await store({ local, offline: true }).resolve("o/r@v1", options()));
    expect(found).toMatchObject({ directory: folder.join("mine"), repository: "o/r", ref: "v1" });
    expect(found.sha).toBeUndefined();
    const below = asFolder(await store({ local }).resolve("o/r/sub@v1", options()));
    expect(below.directory).toBe(folder.join("mine/sub"));
    expect((await failure(store({ local, offline: true }).resolve("o/r@v2", options()))).code).toBe(
      "NotFound",
    );
  });

  it("also replaces the built-in checkout", async () => {
    writeFiles(folder.join("mine"), { "action.yml": NODE_ACTION });
    const local = { "actions/checkout@v4": folder.join("mine") };
    expect((await store({ local }).resolve("actions/checkout@v4", options())).kind).toBe("action");
    expect(await store({ local }).resolve("actions/checkout@v5", options())).toEqual({
      kind: "checkout",
      ref: "v5",
    });
  });
});

describe("a local action", () => {
  it("is read from the workspace", async () => {
    writeFiles(folder.join("workspace"), { "a b/ü/action.yml": NODE_ACTION });
    expect(asFolder(await store().resolve("./a b/ü", options()))).toMatchObject({
      directory: folder.join("workspace/a b/ü"),
      root: folder.join("workspace"),
      local: true,
    });
  });

  it.each(["./none", "./"])("at %s that is not there asks whether checkout was forgotten", async (uses) => {
    const error = await failure(store().resolve(uses, options()));
    expect(error.message).toMatch(
      /Can't find 'action\.yml', 'action\.yaml' or 'Dockerfile' under '.*'\. Did you forget to run actions\/checkout/,
    );
  });

  it("prefers action.yml over action.yaml over a Dockerfile", async () => {
    const yaml = NODE_ACTION.replace("name: A", "name: B");
    writeFiles(folder.join("workspace/x"), {
      Dockerfile: "FROM scratch",
      "action.yaml": yaml,
      "action.yml": NODE_ACTION,
    });
    const nameOf = async () => asFolder(await store().resolve("./x", options())).spec.name;
    expect(await nameOf()).toBe("A");
    rmSync(folder.join("workspace/x/action.yml"));
    expect(await nameOf()).toBe("B");
  });

  it("that cannot be read says why", async () => {
    writeFiles(folder.join("workspace/x"), { "action.yml": NODE_ACTION });
    chmodSync(folder.join("workspace/x/action.yml"), 0);
    // Root reads everything.
    const readable = execFileSync("id", ["-u"], { encoding: "utf8" }).trim() === "0";
    const found = await store()
      .resolve("./x", options())
      .catch((error: unknown) => error);
    if (readable) expect(found).toMatchObject({ kind: "action" });
    else expect(found).toMatchObject({ message: expect.stringMatching(/cannot be read/) });
  });
});

describe("an action of the same repository ($/path)", () => {
  it("is read from the work tree for a step of the workflow, from the fetched commit for a step of an action", async () => {
    writeFiles(folder.join("project/tools/x"), { "action.yml": NODE_ACTION });
    const { second } = serverRepository();
    expect(asFolder(await store().resolve("$/tools/x", options())).directory).toBe(
      folder.join("project/tools/x"),
    );
    const parent = asFolder(await store().resolve("o/r@v2", options()));
    const found = asFolder(await store().resolve("$/sub/dir", options({ parent })));
    expect(found).toMatchObject({
      directory: folder.join("cache/o/r", second, "sub/dir"),
      repository: "o/r",
      ref: "v2",
    });
    expect((await failure(store().resolve("$/none", options()))).code).toBe("NotFound");
  });
});

describe("what needs no files", () => {
  it("knows checkout and docker images", async () => {
    expect(await store().resolve("Actions/Checkout@main", options())).toEqual({
      kind: "checkout",
      ref: "main",
    });
    expect(await store().resolve("docker://alpine", options())).toEqual({ kind: "docker", image: "alpine" });
  });

  it("fetches actions/checkout like any other where it is not built in", async () => {
    makeRepository(folder.join("server/actions/checkout"), { "action.yml": NODE_ACTION });
    const checkout = {
      builtin: false,
      repository: "me/p",
      serverUrl: "",
      source: { kind: "worktree", path: "/" },
      bound: false,
    } as const;
    expect((await store({}, { checkout }).resolve("actions/checkout@main", options())).kind).toBe("action");
  });
});
