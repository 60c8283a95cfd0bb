// Runs a script of this project with the Node it brings, installing it first where that is needed.
// Plain JavaScript without dependencies: this file is what an older system Node sees on a fresh clone.
//   node scripts/with-node.mjs <script> [arguments]
import { spawn, spawnSync } from "node:child_process";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { constants } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const bin = join(root, "node_modules", ".bin");

/** True when `node_modules` holds what `package-lock.json` asks for (npm keeps its own copy of the lock there). */
function isInstalled() {
  const installed = join(root, "node_modules", ".package-lock.json");
  if (!existsSync(installed) || !existsSync(join(bin, "node"))) return false;
  const wanted = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")).packages;
  const present = JSON.parse(readFileSync(installed, "utf8")).packages;
  return Object.entries(wanted).every(
    ([path, entry]) =>
      path === "" || entry.optional || entry.link || present[path]?.version === entry.version,
  );
}

function install() {
  process.stderr.write("Installing dependencies (npm ci)…\n");
  const npm = process.env.npm_execpath;
  const [file, args] = npm?.endsWith(".js") ? [process.execPath, [npm]] : ["npm", []];
  const result = spawnSync(file, [...args, "ci", "--no-audit", "--no-fund", "--loglevel=error"], {
    cwd: root,
    stdio: ["ignore", 2, 2],
  });
  if (result.status !== 0) {
    process.stderr.write("npm ci failed; nothing was run.\n");
    process.exit(result.status ?? 1);
  }
}

/** esbuild and others are tied to the platform: a `node_modules` that came from elsewhere is of no use. */
function nodeStarts() {
  return spawnSync(join(bin, "node"), ["--version"]).status === 0;
}

if (!isInstalled()) install();
if (!nodeStarts()) {
  rmSync(join(root, "node_modules"), { recursive: true, force: true });
  install();
}

const child = spawn(join(bin, "node"), process.argv.slice(2), {
  stdio: "inherit",
  env: { ...process.env, PATH: `${bin}${delimiter}${process.env.PATH ?? ""}` },
});
// Ctrl-C reaches the child by itself; this process only waits for how it ends.
for (const signal of ["SIGINT", "SIGHUP"]) process.on(signal, () => {});
process.on("SIGTERM", () => child.kill("SIGTERM"));
child.on("exit", (code, signal) => process.exit(signal ? 128 + constants.signals[signal] : (code ?? 1)));
