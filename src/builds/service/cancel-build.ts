import { isFinal } from "../../status.ts";
import type { BuildRecord } from "../../store/build-record.ts";
import type { ExecutorServiceParts } from "./executor-service-parts.ts";
import { tellChanged } from "./tell-changed.ts";

/** The wish is in the records first: a worker that misses the event finds it there. */
export async function cancelBuild(
  buildId: string,
  reason: string,
  { store, events, clock }: ExecutorServiceParts,
): Promise<BuildRecord> {
  const at = clock.now();
  const build = await store.builds.requestCancel(buildId, reason, at);
  if (!isFinal(build.status)) {
    events.publish({ type: "build.cancel", buildId, reason: build.cancelReason ?? reason });
  } else if (build.status === "cancelled" && build.finishedAt === at) {
    tellChanged(build, events);
  }
  return build;
}
