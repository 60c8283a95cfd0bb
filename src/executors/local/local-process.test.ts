import { fileURLToPath } from "node:url";
import { hostPlace } from "../conformance/host-place.ts";
import { describeExecutor } from "../executor.conformance.ts";
import { LocalExecutor } from "./local-executor.ts";
import { SKIPS_OF_A_HOST } from "./local-place.fixture.ts";

const program = {
  file: process.execPath,
  args: [fileURLToPath(new URL("./runner-main.ts", import.meta.url))],
  env: { PATH: process.env.PATH ?? "/usr/bin:/bin" },
};

describeExecutor(
  "local (process)",
  async () => ({ ...hostPlace(), executor: new LocalExecutor({ mode: "process", program }) }),
  { skips: SKIPS_OF_A_HOST },
);
