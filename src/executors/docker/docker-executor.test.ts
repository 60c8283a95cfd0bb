import { describeExecutor } from "../executor.conformance.ts";
import { dockerPlace } from "./docker-place.fixture.ts";

describeExecutor("docker (volume)", () => dockerPlace({ mode: "volume" }), {
  skips: { "host environment": "steps in a container have its environment, and not the host's" },
});
