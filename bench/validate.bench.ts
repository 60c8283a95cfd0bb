// `slipway validate` on a workflow of 2,000 lines: what it takes beyond the start of the program on an empty one, so
// that nothing is warm that would not be for a person.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { compare, type Result } from "./measure.ts";
import { Workspace } from "./workspace.ts";

const LINES = 2_000;

function workflow(): string {
  const job = (index: number) => [
    `  job-${index}:`,
    "    runs-on: ubuntu-latest",
    ...(index === 0 ? [] : [`    needs: job-${index - 1}`]),
    "    strategy:",
    "      matrix:",
    "        node: [20, 22, 24]",
    "    env:",
    "      TARGET: ${{ matrix.node }}-${{ github.ref_name }}",
    "    steps:",
    "      - uses: actions/checkout@v6",
    "      - name: Build for ${{ matrix.node }}",
    "        id: build",
    "        if: github.event_name == 'push' && !cancelled()",
    "        run: |",
    '          echo "building ${{ env.TARGET }}"',
    '          echo "version=${{ github.run_number }}" >> "$GITHUB_OUTPUT"',
    "      - run: echo ${{ steps.build.outputs.version }}",
  ];
  const lines = ["name: large", "on: [push, pull_request]", "jobs:"];
  for (let index = 0; lines.length < LINES; index += 1) lines.push(...job(index));
  return `${lines.join("\n")}\n`;
}

export async function bench(): Promise<Result[]> {
  using workspace = new Workspace(
    "on: push\njobs:\n  one:\n    runs-on: local\n    steps:\n      - run: 'true'\n",
  );
  writeFileSync(join(workspace.path, "large.yml"), workflow());
  const small = () => workspace.validate(".github/workflows/bench.yml");
  return [
    await compare({
      name: "validate 2,000 lines, beyond the start",
      goal: { ms: 150 },
      runs: 9,
      ours: async () => (await workspace.validate("large.yml")) - (await small()),
      baseline: small,
    }),
  ];
}
