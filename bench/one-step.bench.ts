// The whole process of `slipway run` on a workflow with one step, beside an empty Node program and one `bash -c`.
import { compare, type Result } from "./measure.ts";
import { timeProcess, Workspace } from "./workspace.ts";

export async function bench(): Promise<Result[]> {
  using workspace = new Workspace(
    "on: push\njobs:\n  one:\n    runs-on: local\n    steps:\n      - run: 'true'\n",
  );
  return [
    await compare({
      name: "one step, whole process",
      goal: { ratio: 5 },
      runs: 15,
      ours: () => workspace.run(),
      baseline: async () =>
        (await timeProcess(process.execPath, ["-e", ""])) + (await timeProcess("bash", ["-c", "true"])),
    }),
  ];
}
