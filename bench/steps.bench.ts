// 200 steps of `run: 'true'`, whole process, beside a bare Node loop that spawns the same 200 shells.
import { compare, type Result } from "./measure.ts";
import { timeProcess, Workspace } from "./workspace.ts";

const STEPS = 200;

// What a person would write: one shell after the other, on a script file, output read.
const LOOP = `
const { spawn } = require("node:child_process");
const { writeFileSync } = require("node:fs");
const one = (i) => new Promise((done) => {
  writeFileSync("step-" + i + ".sh", "true");
  const child = spawn("bash", ["-e", "step-" + i + ".sh"], { stdio: ["ignore", "pipe", "pipe"] });
  child.stdout.resume();
  child.stderr.resume();
  child.on("close", done);
});
(async () => { for (let i = 0; i < ${STEPS}; i++) await one(i); })();
`;

export async function bench(): Promise<Result[]> {
  const steps = "      - run: 'true'\n".repeat(STEPS);
  using workspace = new Workspace(`on: push\njobs:\n  many:\n    runs-on: local\n    steps:\n${steps}`);
  return [
    await compare({
      name: "200 steps, whole process",
      goal: { ratio: 1.5 },
      runs: 7,
      ours: () => workspace.run(),
      baseline: () => timeProcess(process.execPath, ["-e", LOOP], { cwd: workspace.path }),
    }),
  ];
}
