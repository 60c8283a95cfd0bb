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

async function install() {
  process.stderr.write("Installing dependencies (npm ci); once, about half a minute…\n");
  const npm = process.env.npm_execpath;
  const [file, args] = npm?.endsWith(".js") ? [process.execPath, [npm]] : ["npm", []];
  const code = await run(file, [...args, "ci", "--no-audit", "--no-fund", "--loglevel=error"], {
    cwd: root,
    stdio: ["ignore", 2, 2],
  });
  if (code !== 0) {
    process.stderr.write("npm ci did not end well; nothing was run.\n");
    process.exit(code);
  }
}

/** Runs to its end. Ctrl-C reaches the child by itself; this process only waits for how it ends. */
function run(file, args, options) {
  return new Promise((resolve) => {
    const child = spawn(file, args, options);
    const forward = () => child.kill("SIGTERM");
    for (const signal of ["SIGINT", "SIGHUP"]) process.on(signal, () => {});
    process.on("SIGTERM", forward);
    child.on("error", (error) => {
      process.stderr.write(`${file} could not be started: ${error.message}\n`);
      resolve(127);
    });
    child.on("exit", (code, signal) => {
      process.off("SIGTERM", forward);
      resolve(signal ? 128 + constants.signals[signal] : (code ?? 1));
    });
  });
}

/** esbuild and others are tied to the platform: a `node_modules` that came from elsewhere is of no use. */
function nodeStarts() {
  return spawnSync(join(bin, "node"), ["--version"]).status === 0;
}

if (!isInstalled()) await install();
if (!nodeStarts()) {
  rmSync(join(root, "node_modules"), { recursive: true, force: true });
  await install();
}

const code = await run(join(bin, "node"), process.argv.slice(2), {
  stdio: "inherit",
  env: { ...process.env, PATH: `${bin}${delimiter}${process.env.PATH ?? ""}` },
});
process.exit(code);
