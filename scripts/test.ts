// Every suite against every real part. Starts what is missing, stops what it started, and ends with one plain line:
// N passed, N failed, N skipped
//   npm test                    everything
//   npm test -- src/graph       only tests whose path contains this
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { provideParts } from "./provide-parts.ts";
import { provideTools } from "./provide-tools.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const filters = process.argv.slice(2);

function run(args: readonly string[]): Promise<number> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [...args], { cwd: root, stdio: "inherit" });
    child.on("exit", (code) => resolve(code ?? 1));
  });
}

interface Report {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly numTodoTests: number;
  readonly numFailedTestSuites: number;
  readonly testResults: readonly { readonly status: string; readonly assertionResults: readonly unknown[] }[];
}

await provideTools();
// A few tests that are asked for by path need perhaps none of them; the first that does installs it.
if (filters.length === 0) provideParts();
if ((await run(["scripts/build.ts"])) !== 0) process.exit(1);
// The first time on a machine it takes longer than a test has. Where it cannot be made, the tests that need it say so.
if (filters.length === 0) await run(["scripts/build-kit.ts"]);

const folder = mkdtempSync(join(tmpdir(), "slipway-report-"));
try {
  const reportFile = join(folder, "report.json");
  const reporter = process.env.CI === "true" ? "dot" : "default";
  const code = await run([
    "node_modules/vitest/vitest.mjs",
    "run",
    `--reporter=${reporter}`,
    "--reporter=json",
    `--outputFile.json=${reportFile}`,
    ...filters,
  ]);
  const report: Report = JSON.parse(readFileSync(reportFile, "utf8"));
  // A file that does not even load has no tests to count, yet it has failed.
  const broken = report.testResults.filter(
    ({ status, assertionResults }) => status === "failed" && assertionResults.length === 0,
  ).length;
  const failed = report.numFailedTests + broken;
  const skipped = report.numPendingTests + report.numTodoTests;
  console.log(`${report.numPassedTests} passed, ${failed} failed, ${skipped} skipped`);
  const skippedInCi = process.env.CI === "true" && skipped > 0;
  process.exitCode = code !== 0 || failed > 0 || skippedInCi || report.numPassedTests === 0 ? 1 : 0;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
