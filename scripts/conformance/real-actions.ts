// Runs unmodified clones of well-known actions, at their newest tags, through the whole program, and judges what they did.
//   npm run build && node scripts/conformance/real-actions.ts <folder of clones> [--verbose] [word of a case's name …]
// The folder holds clones named as their repositories: upload-artifact, download-artifact, cache, github-script,
// setup-node, checkout, paths-filter. A case whose clone is missing, or has a tag without its built files, is left out.
import { spawn, spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { parse } from "yaml";
import { type LoopbackGithub, startLoopbackGithub } from "./loopback-github.ts";
import { type ActionCase, type ActionRun, CASES } from "./real-actions-cases.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { verbose: { type: "boolean", short: "v", default: false } },
});
const [folder, ...words] = positionals;
if (folder === undefined) {
  console.error("usage: real-actions.ts <folder of clones> [--verbose] [word …]");
  process.exit(2);
}
const clones = resolve(folder);
const program = fileURLToPath(new URL("../../dist/slipway.mjs", import.meta.url));
const nodeVersion = process.versions.node;

function git(where: string, ...args: string[]): string {
  const identity = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org"];
  const result = spawnSync("git", ["-C", where, ...identity, ...args], { encoding: "utf8" });
  if (result.status !== 0) throw new Error(`git ${args.join(" ")}: ${result.stderr}`);
  return result.stdout.trim();
}

function newestTag(name: string): string | undefined {
  const tags = git(join(clones, name), "tag", "--sort=-version:refname").split("\n");
  return tags.find((tag) => /^v\d+\.\d+\.\d+$/.test(tag));
}

/** Why the clone cannot be used; undefined if it can. */
function unusable(name: string): string | undefined {
  const clone = join(clones, name);
  if (!existsSync(clone)) return `there is no clone of ${name}`;
  const tag = newestTag(name);
  if (tag === undefined) return `${name} has no tag of a version`;
  const { main } = parse(git(clone, "show", `${tag}:action.yml`)).runs;
  const built = join(dirname("action.yml"), main);
  const { status } = spawnSync("git", ["-C", clone, "cat-file", "-e", `${tag}:${built}`]);
  return status === 0 ? undefined : `${name} ${tag} lacks ${built}`;
}

/** Everything a case has for itself: home, tool cache, server of actions, repositories. */
class Sandbox {
  readonly top = mkdtempSync(join(tmpdir(), "slipway-actions-"));
  readonly #repository = join(this.top, "app");
  readonly #case: ActionCase;
  #github: LoopbackGithub | undefined;

  constructor(one: ActionCase) {
    this.#case = one;
  }

  async prepare(): Promise<void> {
    for (const owner of ["actions", "dorny"]) {
      mkdirSync(join(this.top, "server", owner), { recursive: true });
      for (const name of this.#case.needs)
        symlinkSync(join(clones, name), join(this.top, "server", owner, name));
    }
    this.#write(this.#case.files ?? {});
    git(this.#repository, "init", "--quiet", "--initial-branch=main");
    this.#commit("one");
    git(this.#repository, "tag", "v1");
    this.#write({ "later.txt": "later" });
    this.#commit("two");
    this.#prepareTools();
    if (this.#case.loopback) await this.#serve();
    git(
      this.#repository,
      "remote",
      "add",
      "origin",
      `${this.#github?.address ?? "https://github.com"}/acme/app`,
    );
  }

  /** The text of everything that was said, and how the run ended. */
  run({ jobs }: ActionRun, number: number): Promise<{ status: number | null; said: string }> {
    const newest = jobs.replace(
      /\b(actions|dorny)\/([\w-]+)((?:\/\w+)?)@NEWEST/g,
      (_, owner, name, path) => `${owner}/${name}${path}@${newestTag(name)}`,
    );
    const file = join(this.top, `run-${number}.yml`);
    writeFileSync(file, `on: push\njobs:${newest.replaceAll("NODE_VERSION", nodeVersion)}\n`);
    const address = this.#github?.address;
    const server =
      address === undefined ? {} : { GITHUB_SERVER_URL: address, GITHUB_API_URL: `${address}/api` };
    const env = Object.entries(server).flatMap(([name, value]) => ["--env", `${name}=${value}`]);
    const from = ["--actions-url", join(this.top, "server")];
    const args = ["run", "--json", "-W", file, ...from, ...env, ...(this.#case.args ?? [])];
    // Not in step with this process: the server that the actions ask lives in it.
    const child = spawn(process.execPath, [program, ...args, "--github-token", "fake-token"], {
      cwd: this.#repository,
      stdio: ["ignore", "pipe", "pipe"],
      env: {
        PATH: process.env.PATH,
        HOME: join(this.top, "home"),
        LANG: "C.UTF-8",
        RUNNER_TOOL_CACHE: join(this.top, "tools"),
      },
    });
    let said = "";
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding("utf8").on("data", (text: string) => {
        said += text;
      });
    return new Promise((done) => child.on("close", (status) => done({ status, said })));
  }

  async close(): Promise<void> {
    await this.#github?.close();
    rmSync(this.top, { recursive: true, force: true });
  }

  #write(files: Readonly<Record<string, string>>): void {
    mkdirSync(this.#repository, { recursive: true });
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(this.#repository, path)), { recursive: true });
      writeFileSync(join(this.#repository, path), text.replaceAll("NODE_VERSION", nodeVersion));
    }
  }

  #commit(message: string): void {
    git(this.#repository, "add", "--all");
    git(this.#repository, "commit", "--quiet", "--allow-empty", `--message=${message}`);
  }

  /** The Node this runs on, as a hosted runner has it, and an npm that only says where its packages are. */
  #prepareTools(): void {
    const bin = join(this.top, "tools/node", nodeVersion, "x64/bin");
    mkdirSync(bin, { recursive: true });
    mkdirSync(join(this.top, "home"));
    cpSync(process.execPath, join(bin, "node"));
    writeFileSync(
      join(bin, "npm"),
      `#!/bin/sh\ncase "$1" in config) echo "$HOME/packages";; *) echo 11.0.0;; esac\n`,
      {
        mode: 0o755,
      },
    );
    writeFileSync(join(this.top, "tools/node", nodeVersion, "x64.complete"), "");
  }

  async #serve(): Promise<void> {
    const bare = join(this.top, "repositories/acme");
    mkdirSync(bare, { recursive: true });
    git(this.#repository, "branch", "topic");
    git(this.#repository, "switch", "--quiet", "topic");
    this.#write({ "only-topic": "" });
    this.#commit("topic");
    git(this.#repository, "switch", "--quiet", "main");
    git(this.top, "clone", "--quiet", "--bare", this.#repository, join(bare, "app.git"));
    const library = join(this.top, "library");
    git(this.top, "init", "--quiet", "--initial-branch=trunk", library);
    writeFileSync(join(library, "lib"), "library");
    git(library, "add", "--all");
    git(library, "commit", "--quiet", "--message=library");
    git(this.top, "clone", "--quiet", "--bare", library, join(bare, "library.git"));
    this.#github = await startLoopbackGithub(join(this.top, "repositories"));
  }
}

/** Why the case does not behave as on GitHub; undefined if it does. */
async function judge(one: ActionCase): Promise<string | undefined> {
  const sandbox = new Sandbox(one);
  try {
    await sandbox.prepare();
    for (const [index, run] of one.runs.entries()) {
      const { status, said } = await sandbox.run(run, index + 1);
      if (values.verbose) console.log(said);
      const text = readable(said);
      const expected = run.fails ? 1 : 0;
      if (status !== expected)
        return `run ${index + 1} ended with ${status}, not ${expected}\n${text.slice(-3000)}`;
      const missing = run.says?.find((each) => !each.test(text) && !each.test(said));
      if (missing !== undefined) return `run ${index + 1} did not say ${missing}\n${text.slice(-3000)}`;
    }
    return undefined;
  } finally {
    await sandbox.close();
  }
}

/** What the steps printed, one after the other. */
function readable(said: string): string {
  return said
    .split("\n")
    .map((line) => {
      if (!line.startsWith("{")) return line;
      const event: { type?: string; text?: string; error?: string } = JSON.parse(line);
      return event.type === "log" ? (event.text ?? "") : event.error ? `${event.error}\n` : "";
    })
    .join("");
}

const counts = { passed: 0, failed: 0, left: 0 };
for (const one of CASES) {
  if (words.length > 0 && !words.some((word) => one.name.includes(word))) continue;
  const reason = one.needs.map(unusable).find((each) => each !== undefined);
  if (reason !== undefined) {
    counts.left += 1;
    console.log(`left ${one.name}: ${reason}`);
    continue;
  }
  const started = performance.now();
  const problem = await judge(one);
  counts[problem === undefined ? "passed" : "failed"] += 1;
  const took = `${((performance.now() - started) / 1000).toFixed(1)} s`;
  console.log(problem === undefined ? `ok   ${one.name} (${took})` : `FAIL ${one.name}: ${problem}`);
}
console.log(`${counts.passed} passed, ${counts.failed} failed, ${counts.left} left out`);
process.exit(counts.failed > 0 ? 1 : 0);
