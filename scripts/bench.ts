// The speed goals, each measured beside its baseline in the same run.
//   npm run bench              all
//   npm run bench -- steps     only files whose name contains this
import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { cpus } from "node:os";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import type { Result } from "../bench/measure.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const filters = process.argv.slice(2);

const built = spawnSync(process.execPath, ["scripts/build.ts"], { cwd: root, stdio: "inherit" });
if (built.status !== 0) process.exit(1);

const files = readdirSync(`${root}/bench`)
  .filter((name) => name.endsWith(".bench.ts"))
  .filter((name) => filters.length === 0 || filters.some((filter) => name.includes(filter)));
if (files.length === 0) {
  console.error(`No benchmark's name contains ${filters.join(" or ")}`);
  process.exit(2);
}
// Bundled as the program is: a JSON schema among the dependencies does not load in bare Node.
await build({
  absWorkingDir: root,
  entryPoints: files.map((name) => `bench/${name}`),
  outdir: "dist/bench",
  outExtension: { ".js": ".mjs" },
  bundle: true,
  format: "esm",
  platform: "node",
  target: "node24",
  // Reads files beside itself, which it has not in a bundle.
  external: ["dockerode"],
  define: { "import.meta.url": "__url" },
  banner: {
    js: `import{createRequire as __cr}from"node:module";const require=__cr(import.meta.url);const __url=new URL("../../bench/x.ts",import.meta.url).href;`,
  },
  logLevel: "warning",
});

console.log(`${cpus().length} × ${cpus()[0]?.model ?? "unknown processor"}, Node ${process.version}\n`);
const line = (cells: readonly string[]) =>
  cells
    .map((cell, index) =>
      index === 0 || index === 6 ? cell.padEnd(index === 0 ? 40 : 0) : cell.padStart(12),
    )
    .join(" ");
console.log(line(["", "ours", "baseline", "ratio", "goal", "", "notes"]));

let missed = 0;
for (const name of files) {
  const { bench }: { bench: () => Promise<Result[]> } = await import(
    `../dist/bench/${name.replace(/\.ts$/, ".mjs")}`
  );
  for (const result of await bench()) {
    if (!result.met) missed += 1;
    const { oursMs, baselineMs, ratio, goal, met, notes } = result;
    const cells = [
      `${oursMs.toFixed(1)} ms`,
      `${baselineMs.toFixed(1)} ms`,
      `${ratio.toFixed(2)} ×`,
      goal,
      met ? "met" : "MISSED",
    ];
    console.log(line([result.name, ...cells, notes]));
  }
}
if (missed > 0) console.log(`\n${missed} goal${missed === 1 ? "" : "s"} missed`);
process.exit(missed > 0 ? 1 : 0);
