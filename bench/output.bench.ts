// A step that prints 500 MB, through the whole program with 20 secrets to hide, beside a Node program that only reads
// the same command's pipe. What either prints goes to a pipe that is read and dropped.
import { compare, type Result } from "./measure.ts";
import { timeProcess, Workspace } from "./workspace.ts";

const BYTES = 500_000_000;
const COMMAND = `yes 'a line of a log, such as a compiler or a test runner prints it all day' | head -c ${BYTES}`;
const SECRETS = Array.from({ length: 20 }, (_, index) => `S${index}=s3cr3t-value-number-${index}-of-twenty`);

const READER = `
const child = require("node:child_process").spawn("bash", ["-c", ${JSON.stringify(COMMAND)}], { stdio: ["ignore", "pipe", "inherit"] });
let bytes = 0;
child.stdout.on("data", (data) => { bytes += data.length; });
child.on("close", () => process.exit(bytes === ${BYTES} ? 0 : 1));
`;

export async function bench(): Promise<Result[]> {
  const step = `      - shell: bash --noprofile --norc {0}\n        run: ${COMMAND}\n`;
  using workspace = new Workspace(`on: push\njobs:\n  loud:\n    runs-on: local\n    steps:\n${step}`);
  const secrets = SECRETS.flatMap((secret) => ["-s", secret]);
  const baseline = () => timeProcess(process.execPath, ["-e", READER]);
  const ours = (...more: string[]) => workspace.run(...secrets, ...more);
  const shared = { runs: 5, baseline, goal: { ratio: 3 } };
  return [
    await compare({ ...shared, name: "500 MB of output, whole process, -q", ours: () => ours("-q") }),
    await compare({ ...shared, name: "500 MB of output, whole process, plain", ours: () => ours() }),
  ];
}
