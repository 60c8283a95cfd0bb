// Runs nektos/act's own test workflows (pkg/runner/testdata of a checkout) through `slipway run` and judges each by
// how GitHub behaves. act compares no error texts; this does: a case that must fail names the cause that must be said.
//   npm run build && node scripts/conformance/act-testdata.ts <act checkout> [--actions <folder of clones>] [case …]
// `--actions` holds clones of nektos/act-test-actions and actions/hello-world-javascript-action; cases that need them
// are left out without it.
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

interface Case {
  /** Folder below testdata; also the case's name. */
  readonly name: string;
  readonly event?: string;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Absent: it must succeed. Else what must be said about why it fails. */
  readonly fails?: RegExp;
  /** May appear nowhere in the output. */
  readonly never?: readonly RegExp[];
  /** Clones it needs besides the checkout. */
  readonly needs?: readonly ("act-test-actions" | "hello-world-javascript-action")[];
  /** Only these jobs: the others of the file need a container. */
  readonly jobs?: readonly string[];
}

const dispatch = "workflow_dispatch";
const secrets = ["-s", "secret=keep_it_private"];

const CASES: readonly Case[] = [
  { name: "shells/bash", jobs: ["check"] },
  { name: "shells/sh", jobs: ["check"] },
  { name: "shells/python", jobs: ["check"] },
  { name: "shells/defaults", jobs: ["check"] },
  { name: "local-action-js" },
  { name: "uses-composite" },
  { name: "uses-composite-with-error", fails: /exit code 1|failing/i },
  { name: "uses-composite-check-for-input-collision" },
  { name: "uses-composite-check-for-input-shadowing" },
  // Its actions append to GITHUB_ENV what is no assignment; GitHub refuses that as we do.
  { name: "uses-composite-with-pre-and-post-steps", fails: /Invalid format/ },

  {
    name: "uses-workflow",
    args: secrets,
    fails: /not defined in the called workflow/,
    needs: ["act-test-actions"],
  },
  // The called workflow declares no such secret: GitHub refuses the file.
  {
    name: "uses-workflow",
    event: "pull_request",
    args: secrets,
    fails: /not defined in the called workflow/,
  },
  { name: "act-composite-env-test" },
  { name: "evalmatrix" },
  { name: "evalmatrixneeds" },
  { name: "evalmatrixneeds2" },
  { name: "evalmatrix-merge-map" },
  { name: "evalmatrix-merge-array" },
  { name: "issue-1195" },
  { name: "fail", fails: /docker or kubernetes executor/ },
  { name: "basic", fails: /docker or kubernetes executor/ },
  { name: "job-container-invalid-credentials", fails: /docker or kubernetes executor|password/ },
  { name: "local-action-docker-url", fails: /docker or kubernetes executor/ },
  { name: "runs-on", args: ["--actor", "nektos/act"] },
  { name: "checkout" },
  { name: "matrix" },
  { name: "matrix-include-exclude" },
  {
    name: "matrix-with-user-inclusions",
    args: ["--matrix", "node:8", "--matrix", "node:8.x", "--matrix", "os:ubuntu-18.04"],
  },
  { name: "matrix-exitcode", fails: /exit code 1/ },
  { name: "commands" },
  { name: "workdir" },
  { name: "defaults-run" },
  { name: "composite-fail-with-output" },
  { name: "if-env-act", args: ["--env", "ACT=true"] },
  { name: "env-and-path" },
  { name: "environment-files" },
  { name: "environment-variables" },
  { name: "environment-files-parser-bug" },
  { name: "non-existent-action", fails: /non-existent-action/ },
  { name: "outputs" },
  { name: "networking" },
  { name: "steps-context/conclusion" },
  { name: "steps-context/outcome" },
  { name: "job-status-check", fails: /exit code 1/ },
  { name: "if-expressions", fails: /exit code 1/ },
  { name: "evalenv" },
  { name: "ensure-post-steps", fails: /exit code 1/ },
  // Inputs without the `type` that GitHub's schema requires.
  { name: "workflow_call_inputs", event: "workflow_call", fails: /Required property is missing: type/ },
  { name: "workflow_dispatch", event: dispatch },
  { name: "workflow_dispatch_no_inputs_mapping", event: dispatch },
  { name: "workflow_dispatch-scalar", event: dispatch },
  { name: "workflow_dispatch-scalar-composite-action", event: dispatch },
  { name: "uses-workflow-defaults", event: dispatch },
  { name: "job-needs-context-contains-result" },
  { name: "../../model/testdata/strategy" },
  { name: "set-env-step-env-override" },
  { name: "set-env-new-env-file-per-step" },
  { name: "do-not-leak-step-env-in-composite" },
  { name: "inputs-via-env-context" },
  { name: "nix-prepend-path" },
  { name: "services-empty-image" },
  { name: "post-step-failure-is-job-failure", fails: /exit code 1|post/i },
  { name: "action-cache-v2-fetch-failure-is-job-error", fails: /nektos\/test-override/ },
  { name: "issue-1595", fails: /first/ },
  { name: "job-nil-step", fails: /step/i },
  { name: "uses-and-run-in-one-step", fails: /uses|run/ },
  { name: "uses-github-empty", fails: /uses/ },
  { name: "uses-github-noref", fails: /ref/ },
  // Scripts are shown as they are written until a value is masked; lines of output never show it.
  { name: "mask-values", never: [/\\nsecret value\\n/, /\\nYWJjCg==\\n/] },
  { name: "secrets", args: ["--secret-file", "secrets/.secrets", "--env-file", "secrets/.env"] },
  {
    name: "input-from-cli",
    event: dispatch,
    args: ["--input", "NAME=x", "--input", "SOME_VALUE=y", "--input", "SOME_INPUT=input"],
    // GitHub answers 422 to an input that the workflow does not have.
    fails: /no input 'SOME_INPUT'/,
  },
  { name: "pull-request", event: "pull_request", args: ["-e", "pull-request/event.json"] },
  {
    name: "local-remote-action-overrides",
    args: [
      "--local-action",
      "nektos/test-override@a=actions/node20",
      "--local-action",
      "nektos/test-override@b=actions/node16",
    ],
  },
  { name: "no-panic-on-invalid-composite-action", fails: /steps|run|uses/, needs: ["act-test-actions"] },
  { name: "GITHUB_ENV-use-in-env-ctx", needs: ["act-test-actions"] },
  { name: "GITHUB_STATE", needs: ["act-test-actions"] },
  { name: "path-handling", needs: ["act-test-actions"] },
  // The default of an action's input reads `inputs`, which GitHub's schema of actions does not allow there.
  { name: "uses-composite-with-inputs", fails: /'inputs' is not available here/ },
  // `inputs` in pre-if and post-if is the workflow's on GitHub, so neither runs; act takes the action's.
  {
    name: "uses-action-with-pre-and-post-step",
    fails: /Expected 'pre' but got/,
    needs: ["act-test-actions"],
  },
  { name: "remote-action-composite-js-pre-with-defaults", needs: ["act-test-actions"] },
  { name: "remote-action-composite-action-ref", needs: ["act-test-actions"] },
  { name: "issue-597", needs: ["hello-world-javascript-action"] },
  { name: "issue-598", needs: ["hello-world-javascript-action"] },
];

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { actions: { type: "string" }, verbose: { type: "boolean" } },
});
const [checkout, ...only] = positionals;
if (checkout === undefined) {
  console.error("usage: act-testdata.ts <act checkout> [--actions <folder of clones>] [--verbose] [case …]");
  process.exit(2);
}
const program = fileURLToPath(new URL("../../dist/slipway.mjs", import.meta.url));
const testdata = resolve(checkout, "pkg/runner/testdata");
const clones = values.actions === undefined ? undefined : resolve(values.actions);

function git(folder: string, ...args: string[]): void {
  const identity = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org"];
  const result = spawnSync("git", ["-C", folder, ...identity, ...args], { encoding: "utf8" });
  if (result.status !== 0) throw new Error(`git ${args.join(" ")}: ${result.stderr}`);
}

/** Why the case does not behave as on GitHub; undefined if it does. */
function judge(one: Case): string | undefined {
  const sandbox = mkdtempSync(join(tmpdir(), "slipway-act-"));
  try {
    const repository = join(sandbox, "repository");
    cpSync(testdata, repository, { recursive: true, verbatimSymlinks: true });
    const folder = one.name.startsWith("../") ? "other" : one.name;
    if (folder === "other") cpSync(join(testdata, one.name), join(repository, folder), { recursive: true });
    git(repository, "init", "--quiet", "--initial-branch=master");
    git(repository, "add", "--all", "--force");
    git(repository, "commit", "--quiet", "--message=testdata");
    git(repository, "remote", "add", "origin", "https://github.com/nektos/act");

    const eventFile = join(folder, "event.json");
    const event =
      existsSync(join(repository, eventFile)) && !one.args?.includes("-e") ? ["-e", eventFile] : [];
    const local =
      clones === undefined
        ? []
        : [
            `nektos/act-test-actions@main=${clones}/act-test-actions`,
            ...["main", "v1", "master"].map(
              (ref) => `actions/hello-world-javascript-action@${ref}=${clones}/hello-world-javascript-action`,
            ),
          ].flatMap((action) => ["--local-action", action]);
    const args = [
      ...[
        "run",
        "--json",
        "--bind",
        "--offline",
        "--event",
        one.event ?? "push",
        "-W",
        folder,
        ...event,
        ...local,
      ],
      ...(one.jobs ?? []).flatMap((job) => ["-j", job]),
      ...(one.args ?? []),
    ];
    const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...args], {
      cwd: repository,
      encoding: "utf8",
      timeout: 120_000,
      maxBuffer: 64 * 1024 * 1024,
      env: {
        PATH: process.env.PATH,
        HOME: sandbox,
        LANG: "C.UTF-8",
        XDG_CACHE_HOME: join(sandbox, "cache"),
        ...one.env,
      },
    });
    const said = `${stdout}\n${stderr}`;
    const tail = values.verbose ? `\n${said.slice(-6000)}` : "";
    for (const text of one.never ?? []) if (text.test(said)) return `said ${text}${tail}`;
    if (one.fails === undefined) return status === 0 ? undefined : `ended with ${status}${tail}`;
    if (status !== 1 && status !== 2) return `ended with ${status}, but must fail${tail}`;
    return one.fails.test(said) ? undefined : `failed without saying ${one.fails}${tail}`;
  } finally {
    rmSync(sandbox, { recursive: true, force: true });
  }
}

let passed = 0;
let failed = 0;
let left = 0;
for (const one of CASES) {
  if (only.length > 0 && !only.includes(one.name)) continue;
  const label = `${one.name} (${one.event ?? "push"})`;
  if (one.needs !== undefined && clones === undefined) {
    left += 1;
    console.log(`left ${label}: needs ${one.needs.join(", ")}`);
    continue;
  }
  const problem = judge(one);
  if (problem === undefined) passed += 1;
  else failed += 1;
  console.log(problem === undefined ? `ok   ${label}` : `FAIL ${label}: ${problem}`);
}
console.log(`${passed} passed, ${failed} failed, ${left} left out`);
process.exit(failed > 0 ? 1 : 0);
