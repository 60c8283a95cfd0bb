// Everything that can be said about the sources without running them, in one command:
// types, lint and format, import rules, unused code, generated files, house rules.
//   npm run check            everything
//   npm run check types lint only these
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const node = process.execPath;

const CHECKS: Readonly<Record<string, readonly string[]>> = {
  types: ["node_modules/typescript/bin/tsc", "-p", "."],
  lint: ["node_modules/@biomejs/biome/bin/biome", "check", "--error-on-warnings", "."],
  imports: ["scripts/check-imports.ts"],
  unused: ["node_modules/knip/bin/knip.js"],
  generated: ["scripts/generate.ts", "--check"],
  house: ["scripts/check-house.ts"],
};

interface Outcome {
  readonly name: string;
  readonly code: number;
  readonly output: string;
  readonly ms: number;
}

function run(name: string, args: readonly string[]): Promise<Outcome> {
  const started = performance.now();
  return new Promise((resolve) => {
    const child = spawn(node, [...args], { cwd: root, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    child.stdout.on("data", (data) => {
      output += data;
    });
    child.stderr.on("data", (data) => {
      output += data;
    });
    child.on("close", (code) =>
      resolve({ name, code: code ?? 1, output, ms: Math.round(performance.now() - started) }),
    );
  });
}

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !(name in CHECKS));
if (unknown.length > 0) {
  console.error(`Unknown check: ${unknown.join(", ")}. There are: ${Object.keys(CHECKS).join(", ")}.`);
  process.exit(2);
}
const chosen = Object.entries(CHECKS).filter(([name]) => wanted.length === 0 || wanted.includes(name));
const outcomes = await Promise.all(chosen.map(([name, args]) => run(name, args)));
for (const { name, code, output, ms } of outcomes) {
  console.log(`${code === 0 ? "ok  " : "FAIL"} ${name} (${ms} ms)`);
  if (code !== 0) console.log(output.trimEnd());
}
process.exit(outcomes.every(({ code }) => code === 0) ? 0 : 1);
