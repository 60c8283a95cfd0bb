// Bundles the program into dist/: `slipway.mjs` (the command line), `runner.mjs` (runs one job) and `spawner.mjs`
// (starts the processes of steps where there are many); into dist/container/ what the kit of containers holds.
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { lateModules } from "./late-modules.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const outdir = join(root, "dist");

/** CommonJS inside the bundle asks for these. */
const banner = {
  js: 'import{createRequire as __cr}from"node:module";const require=__cr(import.meta.url),__dirname=import.meta.dirname,__filename=import.meta.filename;',
};

/** Whole or not at all, and only where it differs: the program may be running. */
function replace(path: string, contents: Uint8Array): void {
  if (existsSync(path) && readFileSync(path).equals(contents)) return;
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(`${path}.new`, contents);
  renameSync(`${path}.new`, path);
}

const started = Date.now();
const result = await build({
  absWorkingDir: root,
  entryPoints: {
    slipway: "src/cli/entry.ts",
    runner: "src/executors/local/runner-main.ts",
    spawner: "src/runner/process/spawner-main.ts",
  },
  outdir,
  outExtension: { ".js": ".mjs" },
  bundle: true,
  splitting: true,
  format: "esm",
  platform: "node",
  target: "node24",
  sourcemap: true,
  sourcesContent: false,
  minifySyntax: true,
  minifyWhitespace: true,
  chunkNames: "chunks/[name]-[hash]",
  // Parts of dockerode's SSH that are faster as native code; it does without them where they are not there.
  external: ["*.node"],
  // Of dockerode's load two thirds: SSH and gRPC, which most programs never come to need.
  plugins: [
    lateModules([
      { path: /^\.\/ssh$/, importer: /docker-modem\/lib\/modem\.js$/ },
      { path: /^\.\/session$/, importer: /dockerode\/lib\/docker\.js$/ },
    ]),
  ],
  banner,
  metafile: true,
  write: false,
  logLevel: "warning",
});
for (const { path, contents } of result.outputFiles) replace(path, contents);

// Each in one file: they are copied into containers one by one.
const contained = await build({
  absWorkingDir: root,
  entryPoints: {
    runner: "src/executors/container/container-runner-main.ts",
    gate: "src/executors/container/gate-main.ts",
  },
  outdir: join(outdir, "container"),
  outExtension: { ".js": ".mjs" },
  bundle: true,
  format: "esm",
  platform: "node",
  target: "node24",
  minifySyntax: true,
  minifyWhitespace: true,
  banner,
  write: false,
  logLevel: "warning",
});
for (const { path, contents } of contained.outputFiles) replace(path, contents);

// Actions that come with the program: each a folder with its action.yml and one file.
const bundled = readdirSync(join(root, "src/bundled-actions"), { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);
const actions = await build({
  absWorkingDir: root,
  entryPoints: Object.fromEntries(
    bundled.map((name) => [`${name}/index`, `src/bundled-actions/${name}/main.ts`]),
  ),
  outdir: join(outdir, "actions"),
  outExtension: { ".js": ".mjs" },
  bundle: true,
  format: "esm",
  platform: "node",
  target: "node24",
  minify: true,
  banner,
  write: false,
  logLevel: "warning",
});
for (const { path, contents } of actions.outputFiles) replace(path, contents);
for (const name of bundled) {
  const description = readFileSync(join(root, "src/bundled-actions", name, "action.yml"));
  replace(join(outdir, "actions", name, "action.yml"), description);
}

// Chunks of earlier builds would only pile up: keep what this build wrote.
const written = new Set(Object.keys(result.metafile.outputs).map((path) => join(root, path)));
for (const name of readdirSync(join(outdir, "chunks"), { withFileTypes: true })) {
  const path = join(outdir, "chunks", name.name);
  if (!written.has(path)) rmSync(path);
}
writeFileSync(join(outdir, ".built"), "");
if (process.argv.includes("--verbose")) process.stderr.write(`Built in ${Date.now() - started} ms\n`);
