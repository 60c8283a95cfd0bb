import { fileURLToPath } from "node:url";
import { hostPlace } from "../conformance/host-place.ts";
import { describeExecutor } from "../executor.conformance.ts";
import { LocalExecutor } from "./local-executor.ts";
import { SKIPS_OF_A_HOST } from "./local-place.fixture.ts";

/** As it is built: a process that starts in the blink of an eye, a hundred times. */
const RUNNER = fileURLToPath(new URL("../../../dist/runner.mjs", import.meta.url));

const program = {
  file: process.execPath,
  args: [RUNNER],
  env: { PATH: process.env.PATH ?? "/usr/bin:/bin" },
};

describeExecutor(
  "local (process)",
  async () => ({ ...hostPlace(), executor: new LocalExecutor({ mode: "process", program }) }),
  { skips: SKIPS_OF_A_HOST },
);
