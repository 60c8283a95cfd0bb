import type { ClusterStand } from "./cluster-stand.ts";
import { openRealClusterStand } from "./real-cluster-stand.ts";
import { openTestClusterStand } from "./test-cluster-stand.ts";

/** Only `npm run test:kubernetes` asks for a real cluster: whoever merely has a KUBECONFIG is not to have tests run there. */
export const onRealCluster = process.env.SLIPWAY_TEST_KUBERNETES === "real";

export async function openStand(): Promise<ClusterStand> {
  return onRealCluster ? await openRealClusterStand(process.env) : await openTestClusterStand();
}
