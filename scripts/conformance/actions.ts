// Runs GitHub's own artifact and cache actions, unmodified, against the services of `slipway run`, without the rest of it.
//   node scripts/conformance/actions.ts --upload-artifact <checkout> --download-artifact <checkout> --cache <checkout>
// A checkout is one with its `dist/`. Cases of an action that is not given are left out, and said to be.
import { spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { parse } from "yaml";
import { startServices } from "../../src/artifacts/service-server.ts";

type Action = "upload-artifact" | "download-artifact" | "cache";

const { values } = parseArgs({
  options: {
    "upload-artifact": { type: "string" },
    "download-artifact": { type: "string" },
    cache: { type: "string" },
    verbose: { type: "boolean", short: "v", default: false },
  },
});

const top = mkdtempSync(join(tmpdir(), "slipway-actions-"));
const services = await startServices({
  directory: join(top, "artifacts"),
  cacheDirectory: join(top, "cache"),
  clock: Date.now,
});

interface Outcome {
  readonly ok: boolean;
  readonly log: string;
  readonly outputs: Record<string, string>;
  readonly state: Record<string, string>;
}

/** A job of one build, with a workspace of its own, as the runner gives it to an action. */
class Job {
  readonly workspace: string;
  readonly #folder: string;
  readonly #key: string;
  readonly #ref: string;

  constructor(key: string, ref = "refs/heads/main") {
    this.#key = key;
    this.#ref = ref;
    this.#folder = mkdtempSync(join(top, "job-"));
    this.workspace = join(this.#folder, "work");
    mkdirSync(this.workspace);
    mkdirSync(join(this.#folder, "temp"));
  }

  write(files: Record<string, string>): void {
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(this.workspace, path)), { recursive: true });
      writeFileSync(join(this.workspace, path), text);
    }
  }

  read(path: string): string {
    const file = join(this.workspace, path);
    return existsSync(file) ? readFileSync(file, "utf8") : "(no such file)";
  }

  list(path: string): string[] {
    const folder = join(this.workspace, path);
    return existsSync(folder) ? readdirSync(folder, { recursive: true }).map(String).sort() : [];
  }

  async run(
    action: Action,
    path: string,
    inputs: Record<string, string>,
    more: { stage?: "main" | "post"; state?: Record<string, string>; env?: Record<string, string> } = {},
  ): Promise<Outcome> {
    const checkout = resolve(values[action] ?? "");
    const spec = parse(readFileSync(join(checkout, path, "action.yml"), "utf8"));
    const main = join(checkout, path, spec.runs[more.stage ?? "main"]);
    const defaults = Object.entries<{ default?: unknown }>(spec.inputs).map(
      ([name, input]) => [name, String(input.default ?? "").replace(/\$\{\{.*\}\}/, "")] as const,
    );
    const given = Object.entries({ ...Object.fromEntries(defaults), ...inputs });
    const job = await services.servicesFor({
      buildId: "conformance",
      jobKey: this.#key,
      attempt: 1,
      github: {
        repository: "acme/app",
        ref: this.#ref,
        event: { repository: { default_branch: "main" } },
      },
    });
    const files = { GITHUB_OUTPUT: "outputs", GITHUB_STATE: "state", GITHUB_ENV: "env", GITHUB_PATH: "path" };
    for (const name of Object.values(files)) writeFileSync(join(this.#folder, name), "");
    const { status, stdout, stderr } = await spawnInTurn(process.execPath, [main], this.workspace, {
      PATH: process.env.PATH ?? "",
      HOME: this.#folder,
      ...Object.fromEntries(given.map(([k, v]) => [`INPUT_${k.replaceAll(" ", "_").toUpperCase()}`, v])),
      ...Object.fromEntries(Object.entries(more.state ?? {}).map(([k, v]) => [`STATE_${k}`, v])),
      ...Object.fromEntries(Object.entries(files).map(([k, v]) => [k, join(this.#folder, v)])),
      ACTIONS_RUNTIME_TOKEN: job.runtimeToken,
      ACTIONS_RUNTIME_URL: job.runtimeUrl,
      ACTIONS_RESULTS_URL: job.resultsUrl,
      ACTIONS_CACHE_URL: job.cacheUrl,
      ACTIONS_CACHE_SERVICE_V2: "True",
      GITHUB_ACTIONS: "true",
      GITHUB_SERVER_URL: "https://github.com",
      GITHUB_API_URL: "https://api.github.com",
      GITHUB_REPOSITORY: "acme/app",
      GITHUB_REF: this.#ref,
      GITHUB_EVENT_NAME: "push",
      GITHUB_RUN_ID: "1",
      GITHUB_WORKSPACE: this.workspace,
      RUNNER_TEMP: join(this.#folder, "temp"),
      RUNNER_OS: "Linux",
      ...more.env,
    });
    const log = `${stdout}${stderr}`;
    if (values.verbose) console.log(log);
    return {
      ok: status === 0,
      log,
      outputs: fileValues(join(this.#folder, "outputs")),
      state: fileValues(join(this.#folder, "state")),
    };
  }
}

/** Not `spawnSync`: the services the child talks to live in this process. */
async function spawnInTurn(
  file: string,
  args: string[],
  cwd: string,
  env: Record<string, string>,
): Promise<{ status: number | null; stdout: string; stderr: string }> {
  const { spawn } = await import("node:child_process");
  const child = spawn(file, args, { cwd, env });
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  const status = await new Promise<number | null>((done) => child.on("close", done));
  return { status, stdout, stderr };
}

function fileValues(path: string): Record<string, string> {
  const pairs = readFileSync(path, "utf8").matchAll(/^(.+?)<<(.+)\n([\s\S]*?)\n\2$/gm);
  return Object.fromEntries([...pairs].map(([, name, , value]) => [name, value]));
}

function check(condition: boolean, what: string): void {
  if (!condition) throw new Error(what);
}

function same(actual: unknown, expected: unknown): void {
  const [a, b] = [JSON.stringify(actual), JSON.stringify(expected)];
  check(a === b, `got ${a}, not ${b}`);
}

const FILES = { "dist/app.js": "app", "dist/sub/日本語 ü.txt": "unicode", "dist/empty": "" };
const zipHas = (path: string): string => spawnSync("unzip", ["-l", path], { encoding: "utf8" }).stdout ?? "";

const CASES: readonly { name: string; needs: readonly Action[]; run(): Promise<void> }[] = [
  {
    name: "upload a folder, download it by name in another job",
    needs: ["upload-artifact", "download-artifact"],
    async run() {
      const [maker, user] = [new Job("make"), new Job("use")];
      maker.write(FILES);
      const up = await maker.run("upload-artifact", ".", { name: "Größe 1", path: "dist" });
      check(up.ok, up.log);
      check(/^\d+$/.test(up.outputs["artifact-id"] ?? ""), "no artifact-id");
      check(/^[0-9a-f]{64}$/.test(up.outputs["artifact-digest"] ?? ""), "no artifact-digest");
      const down = await user.run("download-artifact", ".", { name: "Größe 1", path: "in" });
      check(down.ok, down.log);
      same(user.list("in"), ["app.js", "empty", "sub", "sub/日本語 ü.txt"]);
      same(user.read("in/sub/日本語 ü.txt"), "unicode");
    },
  },
  {
    name: "download by id, by pattern, merged, and all at once",
    needs: ["upload-artifact", "download-artifact"],
    async run() {
      const [maker, user] = [new Job("make-many"), new Job("use-many")];
      maker.write({ "a/1": "1", "b/2": "2" });
      const a = await maker.run("upload-artifact", ".", { name: "many-a", path: "a" });
      const b = await maker.run("upload-artifact", ".", { name: "many-b", path: "b" });
      check(a.ok && b.ok, a.log + b.log);
      const ids = `${a.outputs["artifact-id"]},${b.outputs["artifact-id"]}`;
      check((await user.run("download-artifact", ".", { "artifact-ids": ids, path: "ids" })).ok, "by id");
      same(user.list("ids"), ["many-a", "many-a/1", "many-b", "many-b/2"]);
      const merged = { pattern: "many-*", "merge-multiple": "true", path: "merged" };
      check((await user.run("download-artifact", ".", merged)).ok, "merged");
      same(user.list("merged"), ["1", "2"]);
      check((await user.run("download-artifact", ".", { path: "all" })).ok, "all");
      check(user.list("all").includes("many-b/2"), user.list("all").join());
    },
  },
  {
    name: "one file as it is (archive: false)",
    needs: ["upload-artifact", "download-artifact"],
    async run() {
      const [maker, user] = [new Job("make-raw"), new Job("use-raw")];
      maker.write({ "out/Bericht ü.html": "<p>" });
      const up = await maker.run("upload-artifact", ".", { path: "out/Bericht ü.html", archive: "false" });
      check(up.ok, up.log);
      const down = await user.run("download-artifact", ".", { name: "Bericht ü.html", path: "in" });
      check(down.ok, down.log);
      same(user.read("in/Bericht ü.html"), "<p>");
    },
  },
  {
    name: "a taken name is refused, overwrite replaces it",
    needs: ["upload-artifact", "download-artifact"],
    async run() {
      const [maker, user] = [new Job("make-twice"), new Job("use-twice")];
      maker.write({ f: "first" });
      check((await maker.run("upload-artifact", ".", { name: "twice", path: "f" })).ok, "first");
      maker.write({ f: "second" });
      const refused = await maker.run("upload-artifact", ".", { name: "twice", path: "f" });
      check(
        !refused.ok && refused.log.includes("(409) Conflict: an artifact with this name already exists"),
        refused.log,
      );
      const again = await maker.run("upload-artifact", ".", { name: "twice", path: "f", overwrite: "true" });
      check(again.ok, again.log);
      check((await user.run("download-artifact", ".", { name: "twice" })).ok, "download");
      same(user.read("f"), "second");
    },
  },
  {
    name: "merge",
    needs: ["upload-artifact", "download-artifact"],
    async run() {
      const [maker, user] = [new Job("make-merge"), new Job("use-merge")];
      maker.write({ "a/1": "1", "b/2": "2" });
      await maker.run("upload-artifact", ".", { name: "part-a", path: "a" });
      await maker.run("upload-artifact", ".", { name: "part-b", path: "b" });
      const inputs = { name: "whole", pattern: "part-*", "delete-merged": "true" };
      const merged = await maker.run("upload-artifact", "merge", inputs);
      check(merged.ok, merged.log);
      check((await user.run("download-artifact", ".", { name: "whole", path: "in" })).ok, "download");
      same(user.list("in"), ["1", "2"]);
      const names = (await services.listArtifacts("conformance")).map((artifact) => artifact.name);
      check(!names.some((name) => name.startsWith("part-")), names.join());
    },
  },
  {
    name: "retention, exclusions, a link out of the workspace (the client follows it, the service stores bytes)",
    needs: ["upload-artifact"],
    async run() {
      const maker = new Job("make-odd");
      maker.write({ "d/keep": "k", "d/drop.tmp": "x", "d/.hidden": "h" });
      writeFileSync(join(top, "outside"), "outside");
      symlinkSync(join(top, "outside"), join(maker.workspace, "d/link"));
      const inputs = { name: "odd", path: "d\n!d/*.tmp", "retention-days": "3" };
      const up = await maker.run("upload-artifact", ".", inputs);
      check(up.ok, up.log);
      const artifact = (await services.listArtifacts("conformance")).find((a) => a.name === "odd");
      check(Math.abs((artifact?.expiresAt ?? 0) - Date.now() - 3 * 86_400_000) < 7_200_000, "expiry");
      const listing = zipHas(artifact?.path ?? "");
      check(listing === "" || (listing.includes("keep") && !/drop|hidden/.test(listing)), listing);
    },
  },
  {
    name: "a missing artifact and an empty upload fail or warn in their own words",
    needs: ["upload-artifact", "download-artifact"],
    async run() {
      const job = new Job("nothing");
      const down = await job.run("download-artifact", ".", { name: "no such" });
      check(!down.ok && down.log.includes("Artifact not found for name: no such"), down.log);
      const up = await job.run("upload-artifact", ".", {
        name: "n",
        path: "none",
        "if-no-files-found": "error",
      });
      check(!up.ok && up.log.includes("No files were found"), up.log);
    },
  },
  ...(["v2", "v1"] as const).map((version) => ({
    name: `cache ${version}: restore misses, post saves; the next run hits exactly, another key by prefix`,
    needs: ["cache"] as const,
    async run() {
      const env: Record<string, string> = version === "v1" ? { ACTIONS_CACHE_SERVICE_V2: "" } : {};
      const first = new Job(`cache-${version}-1`);
      first.write({ "mods/a": "a", "mods/ü": "ü" });
      const inputs = { path: "mods", key: `${version}-linux-1`, "restore-keys": `${version}-` };
      const miss = await first.run("cache", ".", inputs, { env });
      check(miss.ok && miss.log.includes("Cache not found"), miss.log);
      const post = await first.run("cache", ".", inputs, { stage: "post", state: miss.state, env });
      check(post.ok && post.log.includes(`Cache saved with key: ${version}-linux-1`), post.log);

      const second = new Job(`cache-${version}-2`, "refs/heads/topic");
      const hit = await second.run("cache", ".", inputs, { env });
      check(hit.ok && hit.outputs["cache-hit"] === "true", hit.log);
      same(second.read("mods/ü"), "ü");
      const prefix = await second.run("cache", ".", { ...inputs, key: `${version}-linux-2` }, { env });
      check(prefix.ok && prefix.outputs["cache-hit"] === "false", prefix.log);
      check(prefix.log.includes(`Cache restored from key: ${version}-linux-1`), prefix.log);
    },
  })),
  {
    name: "cache/save and cache/restore, lookup-only, fail-on-cache-miss, a key that exists",
    needs: ["cache"],
    async run() {
      const job = new Job("cache-parts");
      job.write({ f: "x" });
      const save = await job.run("cache", "save", { path: "f", key: "parts" });
      check(save.ok && save.log.includes("Cache saved with key: parts"), save.log);
      const again = await job.run("cache", "save", { path: "f", key: "parts" });
      check(again.ok && again.log.includes("Unable to reserve cache with key parts"), again.log);
      const lookup = await job.run("cache", "restore", { path: "f", key: "parts", "lookup-only": "true" });
      check(lookup.ok && lookup.outputs["cache-hit"] === "true", lookup.log);
      const miss = { path: "f", key: "none", "fail-on-cache-miss": "true" };
      check(!(await job.run("cache", "restore", miss)).ok, "a miss that must fail did not");
    },
  },
];

let failed = 0;
try {
  for (const { name, needs, run } of CASES) {
    const missing = needs.filter((action) => values[action] === undefined);
    if (missing.length > 0) {
      console.log(`left out  ${name} (needs --${missing.join(", --")})`);
      continue;
    }
    const started = performance.now();
    try {
      await run();
      console.log(`passed    ${name} (${Math.round(performance.now() - started)} ms)`);
    } catch (error) {
      failed++;
      console.log(`FAILED    ${name}\n${error instanceof Error ? error.message : error}`);
    }
  }
} finally {
  await services.close();
  rmSync(top, { recursive: true, force: true });
}
process.exitCode = failed === 0 ? 0 : 1;
