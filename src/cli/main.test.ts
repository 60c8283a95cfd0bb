import { execFileSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { decodeBuildEvent } from "../builds/build-event-codec.ts";
import { main } from "./main.ts";
import { type MemoryIo, type MemoryIoOptions, memoryIo } from "./memory-io.fixture.ts";

const HELLO = `name: Hello
on: push
jobs:
  hello:
    runs-on: ubuntu-latest
    steps:
      - run: echo "hello from $GITHUB_EVENT_NAME"
`;
const FAILING = HELLO.replace("echo", "exit 3 # ");

let folder = "";

beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), "slipway-cli-")));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function write(files: Readonly<Record<string, string>>): void {
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), content);
  }
}

function commit(): void {
  const git = (...args: string[]) =>
    execFileSync("git", ["-c", "user.name=Ada", "-c", "user.email=ada@example.org", ...args], {
      cwd: folder,
    });
  git("init", "--quiet", "--initial-branch=main");
  git("add", "--all");
  git("commit", "--quiet", "--message=First");
}

function io(more: Partial<MemoryIoOptions> = {}): MemoryIo {
  const env = {
    PATH: process.env.PATH ?? "",
    HOME: join(folder, "home"),
    TMPDIR: join(folder, "temp"),
    GIT_CONFIG_NOSYSTEM: "1",
    ...more.env,
  };
  if (!existsSync(env.TMPDIR)) mkdirSync(env.TMPDIR);
  return memoryIo({ cwd: folder, ...more, env, now: () => Date.now() });
}

async function slipway(args: readonly string[], more: Partial<MemoryIoOptions> = {}) {
  const machine = io(more);
  const code = await main(args, machine);
  return { code, out: machine.stdout.text, err: machine.stderr.text };
}

describe("usage", () => {
  it.each(["--version", "-V", "version"])("tells its version: %s", async (word) => {
    const { code, out } = await slipway([word]);
    expect(out).toMatch(/^slipway \d+\.\d+\.\d+\n$/);
    expect(code).toBe(0);
  });

  it.each([[[]], [["--help"]], [["help"]], [["-h"]]])("shows what there is for %j", async (args) => {
    const { code, out } = await slipway(args);
    expect(code).toBe(0);
    expect(out).toContain("slipway run ci.yml");
  });

  it("shows its version", async () => {
    expect(await slipway(["--version"])).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^slipway \d+\.\d+\.\d+/),
    });
  });

  it.each(["run", "validate", "list", "graph", "completion"])("has a page for %s", async (command) => {
    for (const args of [
      [command, "--help"],
      ["help", command],
    ]) {
      const { code, out } = await slipway(args);
      expect(code).toBe(0);
      expect(out).toContain(`Usage: slipway ${command}`);
      expect(out).toContain("Examples:");
    }
  });

  it("breaks help to the width of the terminal", async () => {
    const { out } = await slipway(["run", "--help"], { terminal: { columns: 72, rows: 24 } });
    const prose = out.split("\n").filter((line) => !/^ {2}slipway|^Usage|<|--/.test(line));
    for (const line of prose) expect(line.length).toBeLessThanOrEqual(72);
  });

  it.each([
    [["rnu"], 'Unknown command "rnu".', "slipway run"],
    [["-j", "build"], "-j stands before a command.", "slipway run -j"],
    [["run", "--sceret", "X"], "Unknown option --sceret.", "Did you mean --secret?"],
    [["run", "-J", "x"], "Unknown option -J.", "Did you mean -j?"],
    [["run", "--job"], "--job needs a value", ""],
    [["run", "--quiet=yes"], "--quiet takes no value", ""],
    [["run", "a", "push", "c"], 'Unexpected argument "c".', "Usage: slipway run"],
    [["run", "--actor", "a", "--actor", "b"], "--actor is given twice", ""],
    [["run", "-q", "-v"], "--quiet and --verbose exclude each other", ""],
    [["run", "--keep", "--rm"], "--keep and --rm exclude each other", ""],
    [["run", "--json", "-n"], "--json and --dryrun exclude each other", "slipway graph"],
    [["run", "--shell-on-failure"], "needs a terminal", ""],
    [["run", "--privileged"], "--privileged is not supported", "`options`"],
    [["run", "--insecure-secrets"], "secrets are always hidden", ""],
    [["run", "-w"], "is not supported", "watcher"],
    [["run", "-C", "nowhere"], "There is no folder nowhere", ""],
    [["run", "-P", "ubuntu-latest"], "is not of the form label=image", "ubuntu-latest=node:24"],
    [["run", "--matrix", "node"], "--matrix node is not of the form key:value", ""],
    [["run", "--input", "x"], "--input x has no value", ""],
    [["run", "--var", "NOPE"], "--var NOPE has no value", ""],
    [["run", "--concurrent-jobs", "none"], "is not a whole number", ""],
    [["run", "--local-action", "a/b=x"], "is not of the form owner/repo@ref=path", ""],
    [["run", "--local-action", "a/b@v1=nowhere"], "there is no folder", ""],
    [["run", "--event", "pul_request"], 'There is no event "pul_request"', "Did you mean pull_request?"],
    [["run", "--event", "tag"], 'There is no event "tag"', "A tag is a push"],
    [["run", "push", "pull_request", "--event", "push"], "Two events are given", ""],
    [["run", "helo"], 'There is no pipeline file, job or event "helo"', 'Did you mean "hello"?'],
    [["run", "-j", "helo"], 'There is no job "helo"', 'Did you mean "hello"?'],
    [["run", "hallo.yml"], "There is no pipeline file hallo.yml", "Did you mean hello.yml?"],
    [["run", "-W", "nowhere.yml"], "There is no file or folder nowhere.yml", ""],
    [["run", "-W", "home"], "No pipeline file", ""],
    [["run", "-e", "nowhere.json"], "Cannot read --eventpath nowhere.json: there is no such file", ""],
    [["run", "-e", ".workflows/hello.yml"], "is not JSON", ""],
    [["run", "--env-file", "nowhere"], "Cannot read --env-file nowhere: there is no such file", ""],
    [["run", "release"], "No pipeline is started by this event", "'release' is not among its triggers"],
    [["graph", "--format", "png"], "--format png is none of", ""],
    [["validate", "--format", "xml"], "--format xml is none of", ""],
    [["completion", "tcsh"], "There is no completion for tcsh", ""],
    [["help", "rum"], 'There is no command "rum"', 'Did you mean "run"?'],
  ])("%j is refused: %s", async (args, message, hint) => {
    write({ ".workflows/hello.yml": HELLO, "home/.keep": "" });
    const { code, out, err } = await slipway(args);
    expect(err).toContain(message);
    expect(err).toContain(hint);
    expect(out).toBe("");
    expect(code).toBe(2);
  });

  it("says of options that would change nothing that they do not, and runs", async () => {
    write({ ".workflows/hello.yml": HELLO });
    const { code, err } = await slipway(["run", "--rebuild=false", "--no-cache-server", "--network", "host"]);
    expect(err).toContain("--rebuild has no effect here");
    expect(err).toContain("--network has no effect here");
    expect(code).toBe(0);
  });
});

describe("files that cannot be used", () => {
  it("says where it looked when there is no pipeline", async () => {
    const { code, err } = await slipway(["run"]);
    expect(code).toBe(2);
    expect(err).toContain(`There is no pipeline in ${folder}`);
    expect(err).toContain(".github/workflows/*.yml");
  });

  it("names a pipeline that cannot be read, and why", async () => {
    mkdirSync(join(folder, ".workflows"));
    symlinkSync("nowhere", join(folder, ".workflows/gone.yml"));
    symlinkSync("round.yml", join(folder, ".workflows/round.yml"));
    for (const args of [["run"], ["validate"], ["list"], ["graph"]]) {
      const { code, err } = await slipway(args);
      expect(err).toContain("Cannot read .workflows/gone.yml: there is no such file.");
      expect(code).toBe(2);
    }
    expect((await slipway(["run", "-W", ".workflows/round.yml"])).err).toMatch(/round\.yml/);
  });

  it("shows all mistakes of all pipelines and runs none of them", async () => {
    write({
      ".workflows/good.yml": HELLO,
      ".workflows/bad.yml": HELLO.replace("runs-on", "runson").replace("on: push", "on: psuh"),
      ".workflows/worse.yml": "jobs: [\n",
    });
    const { code, out, err } = await slipway(["run"]);
    expect(code).toBe(2);
    expect(out).toBe("");
    for (const text of ["bad.yml", "runson", "psuh", "worse.yml", "in 2 files"]) expect(err).toContain(text);
    const named = await slipway(["run", "hello"]);
    expect(named.code).toBe(0);
    expect(named.err).toContain("bad.yml, .workflows/worse.yml left aside");
  });

  it("runs without a repository, and says so", async () => {
    write({ ".workflows/hello.yml": HELLO });
    const { code, out, err } = await slipway(["run"]);
    expect(err).toContain("No git repository");
    expect(out).toContain("hello from push");
    expect(code).toBe(0);
  });

  it("does not run in a repository that is broken", async () => {
    write({ ".workflows/hello.yml": HELLO, ".git": "gitdir: /nowhere/at/all\n" });
    const { code, err } = await slipway(["run"]);
    expect(err).toContain("The git repository cannot be used");
    expect(code).toBe(2);
  });

  it("says which temporary folder cannot be written", async () => {
    write({ ".workflows/hello.yml": HELLO });
    const { code, err } = await slipway(["run"], { env: { TMPDIR: join(folder, ".workflows/hello.yml") } });
    expect(err).toContain("No workspace can be made");
    expect(code).toBe(2);
  });
});

describe("running", () => {
  beforeEach(() => {
    write({ ".workflows/hello.yml": HELLO });
    commit();
  });

  it("runs, shows the output, sums up and leaves nothing behind", async () => {
    const { code, out } = await slipway(["run"]);
    expect(out).toMatch(/^Hello push · main · [0-9a-f]{7}\n/);
    expect(out).toContain("hello | hello from push");
    expect(out).toContain("✓ Succeeded. 1 job: 1 done");
    expect(code).toBe(0);
    expect(readdirSync(join(folder, "temp"))).toEqual([]);
  });

  it("does not call it success when no job that was asked for could run", async () => {
    write({
      ".workflows/other.yml": HELLO.replace("ubuntu-latest", "windows-latest").replace("hello:", "win:"),
    });
    const { code, err } = await slipway(["run", "-j", "win", "-W", ".workflows/other.yml"]);
    expect(err).toContain("Nothing was run: every job that was asked for is skipped.");
    expect(code).toBe(1);
  });

  it("says when --matrix names a key that no matrix has", async () => {
    const matrix = "strategy: {matrix: {os: [x, y]}}\n    runs-on";
    write({ ".workflows/hello.yml": HELLO.replace("runs-on", matrix) });
    const { code, err, out } = await slipway(["run", "--matrix", "so:x"]);
    expect(err).toContain(
      "--matrix so had no effect: no matrix that was run has the key 'so'. Did you mean 'os'?",
    );
    expect(out).toContain("hello (y)");
    expect(code).toBe(0);
    expect((await slipway(["run", "--matrix", "OS:x"])).err).not.toContain("no effect");
  });

  it("says why a concurrency group cancelled a job, and does not call it Ctrl-C", async () => {
    const job = (id: string) =>
      `  ${id}:\n    runs-on: ubuntu-latest\n    concurrency: { group: one, cancel-in-progress: true }\n    steps: [{ run: sleep 5 }]\n`;
    const last = job("b").replace("sleep 5", "true");
    write({ ".workflows/hello.yml": `on: push\njobs:\n${job("a")}${last}` });
    const { code, out } = await slipway(["run"]);
    expect(out).toContain("a higher priority waiting request for 'one' exists");
    expect(code).toBe(1);
  });

  it("keeps workspaces where it is asked to, and says where", async () => {
    const { out } = await slipway(["run", "--keep"]);
    const kept = /^Workspaces {2}(.*)$/m.exec(out)?.[1] ?? "";
    expect(existsSync(kept)).toBe(true);
  });

  it("ends with 1 when a job fails", async () => {
    write({ ".workflows/bad.yml": FAILING });
    const { code, out } = await slipway(["run", "bad.yml"]);
    expect(out).toContain("exit code 3");
    expect(code).toBe(1);
  });

  it("says nothing but events on standard output with --json", async () => {
    const { code, out } = await slipway(["run", "--json"]);
    const events = out.trimEnd().split("\n").map(decodeBuildEvent);
    expect(events[0]?.type).toBe("build.started");
    expect(events.at(-1)).toMatchObject({ type: "build.finished", result: "success" });
    expect(code).toBe(0);
  });

  it.each([["hello.yml"], ["hello"], [".workflows/hello.yml"]])(
    "takes %s as the file or the job",
    async (name) => {
      expect((await slipway(["run", name])).out).toContain("hello from push");
    },
  );

  it("runs what is named for an event it does not have, with a note", async () => {
    const { code, out, err } = await slipway(["run", "hello.yml", "pull_request"]);
    expect(out).toContain("hello from pull_request");
    expect(err).toContain("not started by pull_request");
    expect(code).toBe(0);
  });

  it("names what is not started, with the reason", async () => {
    write({ ".workflows/release.yml": HELLO.replace("on: push", "on: {push: {branches: [release]}}") });
    const { code, out, err } = await slipway(["run"]);
    expect(err).toMatch(/release\.yml is not started: .*main/);
    expect(out).toContain("1 job: 1 done");
    expect(code).toBe(0);
  });

  it("looks at changed paths, uncommitted ones too", async () => {
    write({ ".workflows/docs.yml": HELLO.replace("on: push", "on: {push: {paths: ['docs/**']}}") });
    commit();
    write({ "src/a.js": "1" });
    expect((await slipway(["run"])).err).toMatch(/docs\.yml is not started/);
    write({ "docs/a.md": "1" });
    expect((await slipway(["run"])).err).not.toContain("docs.yml");
  });

  it("gives two runs at once different numbers", async () => {
    write({
      ".workflows/hello.yml": HELLO.replace("hello from", "number $GITHUB_RUN_NUMBER id $GITHUB_RUN_ID"),
    });
    const runs = await Promise.all(Array.from({ length: 4 }, () => slipway(["run", "hello.yml"])));
    const numbers = runs.map(({ out }) => /number (\d+)/.exec(out)?.[1]);
    expect(numbers.toSorted()).toEqual(["1", "2", "3", "4"]);
  });

  it("ends with 130 when it is cancelled, and its steps with it", async () => {
    write({ ".workflows/slow.yml": HELLO.replace("echo ", "touch started; sleep 60; echo ") });
    const machine = io();
    const running = main(["run", "slow.yml", "--bind"], machine);
    await expect.poll(() => existsSync(join(folder, "started")), { timeout: 20_000 }).toBe(true);
    machine.signal("SIGINT");
    expect(await running).toBe(130);
    expect(machine.stdout.text).toContain("■ Cancelled");
  });

  it("ends everything at once at the second signal", async () => {
    write({
      ".workflows/slow.yml": HELLO.replace("echo ", "trap '' INT TERM; touch started; sleep 60; echo "),
    });
    const machine = io();
    const running = main(["run", "slow.yml", "--bind"], machine);
    await expect.poll(() => existsSync(join(folder, "started")), { timeout: 20_000 }).toBe(true);
    machine.signal("SIGTERM");
    machine.signal("SIGTERM");
    expect(await running).toBe(130);
  });

  it("ends quietly when nobody reads its output any more", async () => {
    write({ ".workflows/slow.yml": HELLO.replace("echo ", "touch started; sleep 60; echo ") });
    const machine = io();
    const running = main(["run", "slow.yml", "--bind"], machine);
    await expect.poll(() => existsSync(join(folder, "started")), { timeout: 20_000 }).toBe(true);
    machine.stdout.close();
    expect(await running).toBe(130);
    expect(machine.stderr.text).toBe("");
  });

  it("draws the live view on a terminal and leaves a summary with the full logs", async () => {
    const { code, out } = await slipway(["run"], { terminal: { columns: 80, rows: 24 } });
    expect(out).toContain("✓");
    const logs = /Full logs\S*\s+(\S+)/.exec(out)?.[1] ?? "";
    expect(readFileSync(join(logs, "hello.log"), "utf8")).toContain("hello from push");
    expect(code).toBe(0);
  });

  it("keeps to plain lines on a terminal in CI", async () => {
    const { out } = await slipway(["run"], { terminal: { columns: 80, rows: 24 }, env: { CI: "true" } });
    expect(out).not.toContain("\x1b[?25l");
    expect(out).toContain("hello from push");
  });

  it("shows the plan and runs nothing with --dryrun", async () => {
    write({
      ".workflows/plan.yml": HELLO.replace("runs-on", "strategy: {matrix: {n: [1, 2]}}\n    runs-on").replace(
        "echo",
        "touch ran; echo",
      ),
    });
    const { code, out } = await slipway(["run", "plan.yml", "-n", "--bind"]);
    expect(out).toContain("matrix (1) (2)");
    expect(out).toContain("Run touch ran");
    expect(out).toContain("Nothing was run.");
    expect(existsSync(join(folder, "ran"))).toBe(false);
    expect(code).toBe(0);
  });
});

describe("values", () => {
  const SHOW = HELLO.replace(
    /echo .*/,
    'echo "<$TOKEN> <${{ vars.PLACE }}> <$EXTRA> <${{ env.EXTRA }}>"\n        env: { TOKEN: "${{ secrets.token }}" }',
  );

  beforeEach(() => write({ ".workflows/show.yml": SHOW }));

  it("come from flags, files and the environment, and flags win", async () => {
    write({
      ".vars": "PLACE=file\n",
      ".env": "EXTRA='from a file'\n",
      ".secrets": "TOKEN=in-a-file-12345\n",
    });
    const first = await slipway(["run"]);
    expect(first.out).toContain("<***> <file> <from a file> <from a file>");
    const second = await slipway(["run", "--var", "PLACE=flag", "--env", "EXTRA=flagged"]);
    expect(second.out).toContain("<***> <flag> <flagged> <flagged>");
  });

  it("reads YAML files too, and never shows a value that is wrong", async () => {
    write({
      "secrets.yml": "TOKEN: yaml-secret-123\n",
      "bad.yml": "TOKEN: [s3cret\n",
      "deep.yml": "TOKEN: {a: s3cret}\n",
    });
    expect((await slipway(["run", "--secret-file", "secrets.yml"])).out).toContain("<***>");
    for (const name of ["bad.yml", "deep.yml"]) {
      const { code, err } = await slipway(["run", "--secret-file", name]);
      expect(code).toBe(2);
      expect(err).toContain(name);
      expect(err).not.toContain("s3cret");
    }
  });

  it("takes a secret without a value from the environment, which steps then do not see", async () => {
    write({ ".workflows/show.yml": SHOW.replace("<$EXTRA>", "<$token-unset>") });
    const { out } = await slipway(["run", "-s", "token"], { env: { token: "from-environment-1" } });
    expect(out).toContain("<***>");
    expect(out).toContain("<-unset>");
    expect(out).not.toContain("from-environment-1");
  });

  it("asks for a secret on a terminal, without showing it", async () => {
    const { code, err, out } = await slipway(["run", "-s", "TOKEN"], { typed: ["typed-secret-1"] });
    expect(code).toBe(0);
    expect(err).toContain("Value of the secret TOKEN (not shown)");
    expect(out).toContain("<***>");
    expect(`${out}${err}`).not.toContain("typed-secret-1");
    expect((await slipway(["run", "-s", "TOKEN"], { typed: [undefined] })).code).toBe(2);
  });

  it("refuses a secret that it cannot ask for", async () => {
    const { code, err } = await slipway(["run", "-s", "TOKEN"]);
    expect(code).toBe(2);
    expect(err).toContain("The secret TOKEN has no value");
  });

  it.each([["--json"], ["-v"], ["-n"], ["-q"], ["--keep"]])("never shows a secret with %s", async (flag) => {
    write({
      ".workflows/show.yml": SHOW.replace("name: Hello", "name: Hello pa55word-xyz").replace(
        "    runs-on",
        "    name: job pa55word-xyz\n    runs-on",
      ),
    });
    const { code, out, err } = await slipway(["run", flag, "-s", "TOKEN=pa55word-xyz"]);
    expect(`${out}${err}`).not.toContain("pa55word-xyz");
    expect(out).toContain("***");
    expect(code).toBe(0);
  });

  it("never shows a secret that was given as a wrong input", async () => {
    const dispatch = "on: {workflow_dispatch: {inputs: {level: {type: choice, options: [low]}}}}";
    write({ ".workflows/show.yml": SHOW.replace("on: push", dispatch) });
    const args = ["run", "show.yml", "-s", "TOKEN=pa55word-xyz", "--input", "level=pa55word-xyz"];
    const { code, err } = await slipway(args);
    expect(err).toContain("***");
    expect(err).not.toContain("pa55word-xyz");
    expect(code).toBe(2);
  });
});
