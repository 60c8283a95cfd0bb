// What people get wrong and what machines do to them: each through the program, with its exit code and the cause named.
import { spawn } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type BuildRecord, readBuilds } from "./support/build-record.ts";
import { git } from "./support/git.ts";
import { cleanEnvironment, programPath, type Ran, Sandbox, slipway } from "./support/slipway.ts";

const WORKFLOW = ".github/workflows/ci.yml";

/** A workflow of one job with these steps, each a YAML flow mapping or a line of shell. */
function steps(...lines: string[]): string {
  const items = lines.map(
    (line) => `      - ${line.startsWith("{") ? line : `run: ${JSON.stringify(line)}`}\n`,
  );
  return `on: push\njobs:\n  test:\n    runs-on: ubuntu-latest\n    steps:\n${items.join("")}`;
}

type Files = Readonly<Record<string, string>>;

/** `slipway run` in a new repository with these files; `$REPOSITORY` in arguments is its folder. */
async function run(files: Files, args: readonly string[] = [], env: Files = {}): Promise<Ran> {
  using sandbox = new Sandbox();
  const cwd = sandbox.repository("repository", files);
  const given = args.map((arg) => arg.replaceAll("$REPOSITORY", cwd));
  return await slipway(["run", ...given], { cwd, env: { HOME: sandbox.path, ...env } });
}

/** The same under a shell's limits. */
async function runUnder(shell: string, cwd: string, args: readonly string[]): Promise<Ran> {
  return await new Promise((resolve, reject) => {
    const child = spawn("bash", ["-c", shell, "bash", process.execPath, programPath, "run", ...args], {
      cwd,
      env: { ...cleanEnvironment(cwd), HOME: cwd },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let stdout = "";
    let stderr = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr += text;
    });
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, stdout, stderr }));
  });
}

function jobLog(builds: readonly BuildRecord[]): string {
  return builds.flatMap(({ jobs }) => jobs.map(({ log }) => log)).join("");
}

describe("a pipeline file that is wrong", () => {
  const cases: readonly [what: string, workflow: string, says: readonly string[]][] = [
    ["tabs", "on: push\njobs:\n\ttest:\n", ["ci.yml:3:1", "Tabs are not allowed", "spaces, never with tabs"]],
    ["a key twice", `${steps("true")}on: pull_request\n`, ["ci.yml:7:1", "'on' is already defined"]],
    ["no jobs", "on: push\n", ["ci.yml:1:1", "jobs"]],
    ["nothing in it", "", ["ci.yml:1:1"]],
    ["a list", "- on\n- jobs\n", ["ci.yml:1:1"]],
    [
      "needs that go round",
      steps("true").replace("runs-on", "needs: other\n    runs-on") +
        "  other:\n    needs: test\n    runs-on: x\n    steps: [{ run: 'true' }]\n",
      ["ci.yml:4", "test", "other", "cycle"],
    ],
    [
      "an unknown need",
      `${steps("true")}  other:\n    needs: tst\n    runs-on: x\n    steps: [{ run: 'true' }]\n`,
      ["ci.yml:8", "'tst'", "Did you mean 'test'?"],
    ],
  ];

  it.each(cases)("with %s is refused, with the place", async (_what, workflow, says) => {
    const ran = await run({ [WORKFLOW]: workflow });
    expect(ran.code, ran.stderr).toBe(2);
    for (const text of says) expect(ran.stderr).toContain(text);
    expect(ran.stdout).toBe("");
  });

  it("because it cannot be read is told with the cause", async () => {
    using sandbox = new Sandbox();
    const cwd = sandbox.repository("repository", {});
    mkdirSync(join(cwd, ".github/workflows"), { recursive: true });
    // Readable by nobody, root included: a link that leads to itself.
    symlinkSync("ci.yml", join(cwd, WORKFLOW));
    const ran = await slipway(["run"], { cwd });
    expect(ran.code, ran.stderr).toBe(2);
    expect(ran.stderr).toContain("ci.yml");
    expect(ran.stderr).toMatch(/link/i);
  });

  it("because it is no text is refused", async () => {
    using sandbox = new Sandbox();
    const cwd = sandbox.repository("repository", { [WORKFLOW]: "" });
    writeFileSync(join(cwd, WORKFLOW), Buffer.from([0, 255, 254, 1, 10, 58]));
    const ran = await slipway(["run"], { cwd });
    expect(ran.code, ran.stderr).toBe(2);
    expect(ran.stderr).toContain("ci.yml");
  });
});

describe("a folder", () => {
  it("without pipelines is told so, with where they are looked for", async () => {
    const ran = await run({ "README.md": "" });
    expect(ran.code).toBe(2);
    expect(ran.stderr).toContain("There is no pipeline in");
    expect(ran.stderr).toContain(".github/workflows/*.yml");
  });

  it("that is no repository runs all the same, with a note", async () => {
    using sandbox = new Sandbox();
    sandbox.write({ [WORKFLOW]: steps("echo it runs") });
    const ran = await slipway(["run"], { cwd: sandbox.path, env: { GIT_CEILING_DIRECTORIES: sandbox.path } });
    expect(ran.code, ran.stderr).toBe(0);
    expect(ran.stderr).toContain("No git repository");
    expect(ran.stdout).toContain("it runs");
  });

  it("with a broken repository is told what git says", async () => {
    using sandbox = new Sandbox();
    sandbox.write({ [WORKFLOW]: steps("true"), ".git": "gitdir: /nowhere/at/all\n" });
    const ran = await slipway(["run"], { cwd: sandbox.path });
    expect(ran.code, ran.stderr).toBe(2);
    expect(ran.stderr).toContain("/nowhere/at/all");
  });

  it("that does not exist is named", async () => {
    const ran = await run({ [WORKFLOW]: steps("true") }, ["-C", "no-such-folder"]);
    expect(ran.code).toBe(2);
    expect(ran.stderr).toContain("no-such-folder");
  });
});

describe("options", () => {
  const cases: readonly [args: readonly string[], says: readonly string[]][] = [
    [["--jsn"], ["Unknown option --jsn", "Did you mean --json?"]],
    [["tst"], ["tst", "test"]],
    [
      ["-j", "tst"],
      ['There is no job "tst"', 'Did you mean "test"?'],
    ],
    [
      ["--secret-file", "nothing"],
      ["--secret-file nothing", "no such file"],
    ],
    [
      ["--secret-file", ".github"],
      ["--secret-file .github", "folder"],
    ],
    [
      ["--eventpath", "nothing.json"],
      ["--eventpath nothing.json", "no such file"],
    ],
    [["--eventpath", "broken.json"], ["--eventpath broken.json is not JSON"]],
    [["--eventpath", "list.json"], ["--eventpath list.json"]],
    [
      ["--matrix", "nonsense"],
      ["--matrix", "nonsense"],
    ],
    [
      ["--concurrent-jobs", "many"],
      ["--concurrent-jobs", "many"],
    ],
    [["-P", "ubuntu-latest=node 24"], ["no name of an image"]],
    [["--json", "--dryrun"], ["--json and --dryrun exclude each other"]],
    [["-W", "nowhere.yml"], ["There is no file or folder nowhere.yml"]],
  ];

  it.each(cases)("%j are refused with the cause", async (args, says) => {
    const ran = await run({ [WORKFLOW]: steps("true"), "broken.json": "{", "list.json": "[]" }, args);
    expect(ran.code, ran.stderr).toBe(2);
    for (const text of says) expect(ran.stderr).toContain(text);
    expect(ran.stdout).toBe("");
  });
});

describe("an action that cannot be had", () => {
  const cases: readonly [uses: string, says: string][] = [
    ["acme/none@v1", "Repository acme/none was not found at file://"],
    ["acme/tool@v2", "acme/tool has no tag or branch 'v2'. Near ones: v1, main."],
    ["acme/tool@v1", "Can't find 'action.yml', 'action.yaml' or 'Dockerfile' for action 'acme/tool@v1'"],
    ["acme/tool/sub@v1", "acme/tool/sub"],
    ["./nothing", "Can't find 'action.yml', 'action.yaml' or 'Dockerfile' under"],
  ];

  it.each(cases)("%s fails the job, with the cause", async (uses, says) => {
    using sandbox = new Sandbox();
    const tool = sandbox.repository("server/acme/tool", { "README.md": "" });
    git(tool, "tag", "v1");
    const cwd = sandbox.repository("repository", { [WORKFLOW]: steps("{ uses: '$' }".replace("$", uses)) });
    const ran = await slipway(["run", "--json", "--actions-url", `file://${sandbox.join("server")}`], {
      cwd,
    });
    expect(ran.code, ran.stderr).toBe(1);
    const [job] = readBuilds(ran.stdout)[0]?.jobs ?? [];
    expect(`${job?.error}${job?.log}`).toContain(says);
  });

  it("because nothing may be fetched says so", async () => {
    const ran = await run({ [WORKFLOW]: steps("{ uses: acme/tool@v1 }") }, ["--offline"]);
    expect(ran.code).toBe(1);
    expect(ran.stdout).toContain("acme/tool@v1");
    expect(ran.stdout).toContain("offline");
  });
});

describe("a step that cannot run or ends badly", () => {
  const cases: readonly [what: string, step: string, says: string][] = [
    ["a shell that is none", "{ run: x, shell: fish }", "Invalid shell option 'fish'"],
    ["an interpreter that is missing", "{ run: x, shell: 'no-such-shell {0}' }", "no-such-shell"],
    ["a command that is missing", "no-such-command", "no-such-command: command not found"],
    [
      "a script whose interpreter is missing",
      "printf '#!/no/interpreter\\n' > x; chmod +x x; ./x",
      "/no/interpreter",
    ],
    ["a signal", "kill -9 $$", "killed by the signal SIGKILL"],
    ["a file where a folder is needed", "touch file; echo x > file/inside", "Not a directory"],
    ["a folder that is none", "{ run: x, working-directory: README.md }", "README.md"],
    ["a folder that is not there", "{ run: x, working-directory: no/where }", "no/where"],
    [
      "a broken environment file",
      'echo "no equals sign" >> "$GITHUB_ENV"',
      "Invalid format 'no equals sign'",
    ],
  ];

  it.each(cases)("by %s fails its job, with the cause", async (_what, step, says) => {
    const checkout = "{ uses: actions/checkout@v6 }";
    const ran = await run({ [WORKFLOW]: steps(checkout, step), "README.md": "" }, ["--json"]);
    expect(ran.code, ran.stderr).toBe(1);
    const [job] = readBuilds(ran.stdout)[0]?.jobs ?? [];
    expect(`${[...(job?.steps.values() ?? [])].map(({ error }) => error)}${job?.log}`).toContain(says);
  });
});

describe("a disk", () => {
  // A limit on the size of files fails writes as a full disk does, and needs no rights.
  const LIMIT = 'ulimit -f 1024; trap "" XFSZ; exec "$@"';

  it("that is full when a step writes fails the step with what the program says", async () => {
    using sandbox = new Sandbox();
    const cwd = sandbox.repository("repository", { [WORKFLOW]: steps("head -c 4000000 /dev/zero > big") });
    const ran = await runUnder(LIMIT, cwd, ["--json"]);
    expect(ran.code, ran.stderr).toBe(1);
    expect(jobLog(readBuilds(ran.stdout))).toMatch(/File (too large|size limit exceeded)/);
  });

  it("that is full when the workspace is filled fails the checkout with the cause", async () => {
    using sandbox = new Sandbox();
    const cwd = sandbox.repository("repository", {
      [WORKFLOW]: steps("{ uses: actions/checkout@v6 }", "echo never"),
      big: "x".repeat(4_000_000),
    });
    const ran = await runUnder(LIMIT, cwd, ["--json"]);
    expect(ran.code, ran.stderr).toBe(1);
    const log = jobLog(readBuilds(ran.stdout));
    expect(log).toMatch(/big.*(too large|EFBIG)|(too large|EFBIG).*big/i);
    expect(log).not.toContain("never\n");
  });

  it("on which no workspace can be made is named", async () => {
    using sandbox = new Sandbox();
    const cwd = sandbox.repository("repository", { [WORKFLOW]: steps("true"), "in-the-way": "" });
    const ran = await slipway(["run"], { cwd, env: { TMPDIR: join(cwd, "in-the-way/inside") } });
    expect(ran.code, ran.stderr).toBe(2);
    expect(ran.stderr).toContain("No workspace can be made in");
    expect(ran.stderr).toContain("in-the-way/inside");
  });

  it("on which logs and run numbers cannot be kept stands in no run's way", async () => {
    using sandbox = new Sandbox();
    const cwd = sandbox.repository("repository", { [WORKFLOW]: steps("echo it runs"), "in-the-way": "" });
    const ran = await slipway(["run"], { cwd, env: { XDG_STATE_HOME: join(cwd, "in-the-way/inside") } });
    expect(ran.code, ran.stderr).toBe(0);
    expect(ran.stdout).toContain("it runs");
  });
});

describe("names", () => {
  it("may hold spaces, quotes, new lines and letters of any language", async () => {
    using sandbox = new Sandbox();
    const odd = "na me \"q\" 'x' $(id)\n港";
    const cwd = sandbox.repository(`a project "港"`, {
      [`.github/workflows/${odd}.yml`]: steps(
        "{ uses: actions/checkout@v6 }",
        `test "$(cat sub*/inside)" = here`,
      ),
      [`sub ${odd}/inside`]: "here\n",
    });
    const ran = await slipway(["run"], { cwd });
    expect(ran.code, ran.stdout + ran.stderr).toBe(0);
    // A name may not forge a line of its own.
    for (const line of ran.stdout.split("\n")) expect(line).not.toMatch(/^港/);
  });
});

describe("artifact paths", () => {
  it("that lead out of the workspace by a link are not kept for a .platform.yaml", async () => {
    using sandbox = new Sandbox();
    sandbox.write({ "outside/secret.txt": "not yours\n" });
    const outside = sandbox.join("outside");
    const cwd = sandbox.repository("repository", {
      ".platform.yaml": `pipeline:
  steps:
    - name: make
      image: alpine
      commands:
        - mkdir -p out && echo mine > out/mine.txt
        - ln -s ${outside} out/folder
        - ln -s ${outside}/secret.txt out/file.txt
artifacts:
  - name: out
    path: out/
  - name: link
    path: out/folder/
`,
    });
    const store = sandbox.join("artifacts");
    const ran = await slipway(["run", "--artifact-server-path", store], { cwd });
    const said = `${ran.stdout}${ran.stderr}`;
    expect(ran.code, said).toBe(0);
    expect(said).toContain("out/folder is a link that leaves the workspace");
    expect(said).toContain("out/file.txt is a link that leaves the workspace");
    const zips = readdirSync(store, { recursive: true, withFileTypes: true }).filter((entry) =>
      entry.isFile(),
    );
    const bytes = Buffer.concat(zips.map(({ parentPath, name }) => readFileSync(join(parentPath, name))));
    expect(bytes.includes("mine.txt"), said).toBe(true);
    expect(bytes.includes("secret.txt")).toBe(false);
    expect(bytes.includes("file.txt")).toBe(false);
  });
});

describe("two runs at once in one repository", () => {
  it("do not disturb each other", async () => {
    using sandbox = new Sandbox();
    const cwd = sandbox.repository("repository", {
      [WORKFLOW]: `on: push
jobs:
  make:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v6
      - run: |
          touch "$SHARED/$WHO"
          until [ -e "$SHARED/one" ] && [ -e "$SHARED/two" ]; do sleep 0.02; done
          echo "$WHO" > made.txt
        env: { SHARED: "\${{ vars.SHARED }}", WHO: "\${{ vars.WHO }}" }
      - uses: actions/upload-artifact@v7
        with: { name: made, path: made.txt }
  use:
    needs: make
    runs-on: ubuntu-latest
    steps:
      - uses: actions/download-artifact@v8
        with: { name: made }
      - run: test "$(cat made.txt)" = "\${{ vars.WHO }}" && echo "number \${{ github.run_number }}"
`,
    });
    const shared = sandbox.join("shared");
    mkdirSync(shared);
    const both = ["one", "two"].map((who) =>
      slipway(["run", "--json", "--offline", "--var", `SHARED=${shared}`, "--var", `WHO=${who}`], {
        cwd,
        env: { XDG_STATE_HOME: sandbox.join("state"), XDG_CACHE_HOME: sandbox.join("cache") },
      }),
    );
    const ends = await Promise.all(both);
    for (const { code, stdout, stderr } of ends) expect(code, stdout.slice(-2000) + stderr).toBe(0);
    const numbers = ends.map(({ stdout }) => /number (\d+)/.exec(jobLog(readBuilds(stdout)))?.[1]);
    expect(numbers.toSorted()).toEqual(["1", "2"]);
    expect(git(cwd, "status", "--porcelain")).toBe("");
  });
});

describe("a reader that goes away", () => {
  it("ends the run and everything it started", async () => {
    using sandbox = new Sandbox();
    const cwd = sandbox.repository("repository", {
      [WORKFLOW]: steps('echo $$ > "${{ vars.PID }}"; while :; do echo "more and more"; done'),
    });
    const pidFile = sandbox.join("pid");
    const ran = await runUnder(
      `set -o pipefail; "$@" --var "PID=${pidFile}" | head -n 20 > /dev/null; echo "ended with \${PIPESTATUS[0]}"`,
      cwd,
      [],
    );
    expect(ran.stdout).toMatch(/ended with (130|141)/);
    const alive = await runUnder(`kill -0 "$(cat ${pidFile})" 2>&1 || echo gone`, cwd, []);
    expect(alive.stdout).toContain("gone");
  });
});
