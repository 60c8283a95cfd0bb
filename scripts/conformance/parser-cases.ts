// Runs the 195 parser cases of github.com/actions/languageservices (workflow-parser/testdata/reader) against this
// project's workflow parser: what must be refused is refused on the same line, what must be read says the same.
// Usage: node scripts/conformance/parser-cases.ts <checkout of actions/languageservices> [case …]
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse as parseYaml } from "yaml";
import { checkCall } from "../../src/builds/check-call.ts";
import { parseWorkflow } from "../../src/spec/workflow/parse-workflow.ts";
import type { CallJobSpec, WorkflowSpec } from "../../src/spec/workflow-spec.ts";
import { type ExpectedWorkflow, factDifferences } from "./parser-facts.ts";

/** Cases we answer differently on purpose, and why. */
const STATED: ReadonlyMap<RegExp, string> = new Map([
  [/^errors-anchor-tag\.yml$/, "pins the time before GitHub allowed anchors"],
  [/^(concurrency|misc-jobs)\.yml$/, "has jobs without steps, which GitHub refuses after parsing"],
  [/^job-snapshot-(mapping|simple)\.yml$/, "snapshot is refused: there is no machine image to take one of"],
  [
    /^on-workflow_dispatch-unknown-keys-ignored\.yml$/,
    "pins an older, lenient reading of `on`; GitHub's newer strict schema refuses unknown keys, and so do we",
  ],
  [/^errors-max-depth\.yml$/, "sets a depth limit of its own; ours is GitHub's 50"],
  [/^errors-job-needs-cycle\.yml$/, "wants a cycle told once for each of its jobs; we print it once, whole"],
  [/^events-mapping-all\.yml$/, "gives filters with their -ignore forms, which GitHub refuses after parsing"],
  [/^round-to-infinity\.yml$/, "has timeouts without end, which we refuse"],
  [
    /^yaml-schema-str-flow-styles\.yml$/,
    "continues a quoted text at the indentation of its parent, which is no YAML; GitHub's library bears it",
  ],
  [/^errors-max-file-size\.yml$/, "sets a size limit of its own; ours is GitHub's 1 MiB"],
  [/^errors-(reusable-workflow-)?max-result-size\.yml$/, "sets a size limit of its own; ours is 10 MiB"],
  [/^errors-max-job-limit/, "sets a job limit of its own; there is none here"],
  [
    /^errors-reusable-workflow-job-nested-depth/,
    "nesting is limited where workflows are loaded (src/builds)",
  ],
  [
    /^errors-reusable-workflow-job-nested-permissions/,
    "the nested call is checked where workflows are loaded (src/builds), not by this script",
  ],
  [
    /^errors-reusable-workflow-permissions-not-allowed-.*from-caller-default/,
    "asks for a repository's default permissions policy; here is no such setting",
  ],
]);

const [checkout, ...only] = process.argv.slice(2);
if (!checkout) {
  process.stderr.write("usage: parser-cases.ts <checkout of actions/languageservices> [case …]\n");
  process.exit(2);
}

const folder = join(checkout, "workflow-parser", "testdata", "reader");
let passed = 0;
let stated = 0;
let failed = 0;
for (const name of readdirSync(folder).sort()) {
  if (only.length > 0 && !only.includes(name)) continue;
  const differences = differencesOf(name, readFileSync(join(folder, name), "utf8"));
  const reason = [...STATED].find(([pattern]) => pattern.test(name))?.[1];
  if (differences.length === 0) {
    passed += 1;
    if (reason !== undefined) process.stdout.write(`passes now, take it off the list: ${name}\n`);
  } else if (reason !== undefined) {
    stated += 1;
    process.stdout.write(`differs ${name}\n  ${reason}\n`);
  } else {
    failed += 1;
    process.stdout.write(`FAILED ${name}\n${differences.map((line) => `  ${line}\n`).join("")}`);
  }
}
process.stdout.write(`${passed} passed, ${stated + failed} differ (${stated} for a stated reason)\n`);
process.exit(failed === 0 ? 0 : 1);

interface Expected extends ExpectedWorkflow {
  readonly errors?: readonly { readonly Message: string }[];
}

function differencesOf(name: string, text: string): string[] {
  const [options = "", content = "", ...rest] = text.split(/\r?\n---\r?\n/);
  const expected: Expected = JSON.parse(rest.at(-1) ?? "null");
  const skipsCalls = Boolean(parseYaml(options)?.["skip-reusable-workflows"]);
  const { spec, diagnostics } = parseWorkflow({ path: name, content });
  const found = diagnostics.filter(({ severity }) => severity === "error");
  const called = new Map<string, string>();
  for (let index = 0; index + 2 < rest.length; index += 2)
    called.set(rest[index] ?? "", rest[index + 1] ?? "");
  const mistakes = found.map(({ line, message }) => ({ line, message }));
  if (spec && !skipsCalls) mistakes.push(...callMistakes(spec, called));
  if (expected.errors) return missingErrors(expected.errors, mistakes, name.includes("reusable"));
  if (!spec || mistakes.length > 0) {
    return mistakes.map(({ line, message }) => `refused, line ${line}: ${message}`);
  }
  return factDifferences(expected, spec);
}

interface Mistake {
  readonly line: number;
  readonly message: string;
}

/** What is wrong with the workflows a file calls, and with how it calls them. */
function callMistakes(spec: WorkflowSpec, files: ReadonlyMap<string, string>): Mistake[] {
  const calls = spec.jobs.filter((job): job is CallJobSpec => job.kind === "call");
  return calls.flatMap((call) => {
    const content = files.get(call.uses.replace(/^\.\//, "")) ?? files.get(call.uses);
    if (content === undefined) return [];
    const { spec: called, diagnostics } = parseWorkflow({ path: call.uses, content });
    if (!called) return diagnostics.map(({ line, message }) => ({ line, message }));
    const line = call.at.line;
    return checkCall(call, called, call.permissions ?? spec.permissions).map((message) => ({
      line,
      message,
    }));
  });
}

/** Every expected error must be among ours: on its line, or (about a called workflow) with the same names in it. */
function missingErrors(
  expected: readonly { readonly Message: string }[],
  found: readonly Mistake[],
  calls: boolean,
): string[] {
  return expected.flatMap(({ Message }) => {
    const line = Number(
      /\(Line: (\d+)/.exec(Message)?.[1] ?? /on line (\d+)/.exec(Message)?.[1] ?? Number.NaN,
    );
    const about = Message.replace(/^.*?\): /, "");
    const names = [...about.matchAll(/'([^']+)'|(?:Input|input|Secret|secret),? (\w+)/g)];
    const same = found.some((mistake) =>
      calls
        ? (about.includes("requesting") && mistake.message.includes("requesting")) ||
          names.some(([, quoted, name]) => mistake.message.includes(quoted ?? name ?? ""))
        : Number.isNaN(line) || mistake.line === line || isNeighbour(about, mistake, line),
    );
    if (same) return [];
    const ours = found.map((mistake) => `line ${mistake.line}: ${mistake.message}`).join("; ") || "nothing";
    return [`expected ${Message}`, `      found ${ours}`];
  });
}

/** Positions that differ for the better: the key instead of the first line of its value, the place in an expression. */
function isNeighbour(about: string, mistake: Mistake, line: number): boolean {
  const inside = /within expression|Exceeded max|Unexpected (symbol|end)/.test(about);
  return inside ? mistake.line >= line && mistake.line <= line + 40 : /at least one job|image/.test(about);
}
