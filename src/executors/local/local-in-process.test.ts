import { hostPlace } from "../conformance/host-place.ts";
import { describeExecutor } from "../executor.conformance.ts";
import { LocalExecutor } from "./local-executor.ts";
import { SKIPS_OF_A_HOST } from "./local-place.fixture.ts";

describeExecutor(
  "local (in-process)",
  async () => ({ ...hostPlace(), executor: new LocalExecutor({ mode: "in-process" }) }),
  { skips: SKIPS_OF_A_HOST },
);
