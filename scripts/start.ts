// The demo: the Node service of examples/ is linted, tested in three time zones, bundled, kept as an artifact, then
// downloaded and asked over HTTP, all by `slipway run` with its live view.
import { spawn } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));

function run(args: readonly string[]): Promise<number> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [...args], { cwd: root, stdio: "inherit" });
    // Ctrl-C reaches the child by itself; here it must only not end the wait.
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => {});
    child.on("exit", (code) => resolve(code ?? 1));
  });
}

const built = await run(["scripts/build.ts"]);
if (built !== 0) process.exit(built);
const project = join("examples", "node-service");
console.log(`slipway run -C ${project} .workflows/example_pipeline.yml\n`);
process.exitCode = await run([
  "--",
  "dist/slipway.mjs",
  "run",
  "-C",
  project,
  ".workflows/example_pipeline.yml",
  ...process.argv.slice(2),
]);
