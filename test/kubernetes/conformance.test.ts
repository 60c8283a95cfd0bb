// What every executor promises, by jobs in pods that really run: on the project's own cluster, or on a real one.
import { afterAll } from "vitest";
import { systemClock } from "../../src/clock.ts";
import { describeExecutor } from "../../src/executors/executor.conformance.ts";
import { startMailboxServer } from "../../src/executors/push/testing/mailbox-server.ts";
import { kubernetesPlace } from "./stand/kubernetes-place.ts";
import { onRealCluster, openStand } from "./stand/open-stand.ts";

const stand = await openStand();
const server = await startMailboxServer(systemClock, { host: stand.address });
afterAll(async () => {
  await server.close();
  await stand.close();
}, 90_000);

describeExecutor("kubernetes", () => kubernetesPlace(stand, server.mailbox), {
  skips: {
    "host environment": "steps in a container have its environment, and not the host's",
    "runs a job as the group of its image":
      "kubelets take the user of an image and not its group, which is root's unless the class names one",
    "image builds": "pods have no Docker daemon, and build no images",
  },
  atOnce: true,
  caseTimeoutMs: onRealCluster ? 120_000 : 60_000,
});
