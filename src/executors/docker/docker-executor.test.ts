import { describeExecutor } from "../executor.conformance.ts";
import { dockerPlace } from "./docker-place.fixture.ts";

describeExecutor("docker (volume)", () => dockerPlace({ mode: "volume" }), {
  skips: {
    "host environment": "steps in a container have its environment, and not the host's",
    checkout:
      "the checkout of this place is a folder, and jobs see none of the host's; see the jobs on bound folders",
    "published actions": "the actions of this place are folders, and jobs see none of the host's; likewise",
  },
});
