// Bundles the program into dist/: `slipway.mjs` (the command line) and `runner.mjs` (runs one job).
import { readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const root = fileURLToPath(new URL("..", import.meta.url));
const outdir = join(root, "dist");

const started = Date.now();
const result = await build({
  absWorkingDir: root,
  entryPoints: { slipway: "src/cli/entry.ts", runner: "src/executors/local/runner-main.ts" },
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
  banner: { js: 'import{createRequire as __cr}from"node:module";const require=__cr(import.meta.url);' },
  metafile: true,
  logLevel: "warning",
});

// Chunks of earlier builds would only pile up: keep what this build wrote.
const written = new Set(Object.keys(result.metafile.outputs).map((path) => join(root, path)));
for (const name of readdirSync(join(outdir, "chunks"), { withFileTypes: true })) {
  const path = join(outdir, "chunks", name.name);
  if (!written.has(path)) rmSync(path);
}
writeFileSync(join(outdir, ".built"), "");
if (process.argv.includes("--verbose")) process.stderr.write(`Built in ${Date.now() - started} ms\n`);
