// 100 independent jobs of one step, whole process, beside `xargs -P` over the same shells.
import { availableParallelism } from "node:os";
import { compare, type Result } from "./measure.ts";
import { timeProcess, Workspace } from "./workspace.ts";

const JOBS = 100;

export async function bench(): Promise<Result[]> {
  const jobs = Array.from(
    { length: JOBS },
    (_, index) => `  job-${index}:\n    runs-on: local\n    steps:\n      - run: 'true'\n`,
  );
  using workspace = new Workspace(`on: push\njobs:\n${jobs.join("")}`);
  const parallel = String(availableParallelism());
  return [
    await compare({
      name: "100 jobs in parallel, whole process",
      goal: { ratio: 3 },
      runs: 7,
      ours: () => workspace.run(),
      baseline: () =>
        timeProcess("xargs", ["-P", parallel, "-n", "1", "bash", "-e", "-c"], {
          input: "true\n".repeat(JOBS),
        }),
    }),
  ];
}
