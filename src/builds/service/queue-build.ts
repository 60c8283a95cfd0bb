import { ExecError } from "../../errors.ts";
import type { BuildRecord } from "../../store/build-record.ts";
import type { ExecutorServiceParts } from "./executor-service-parts.ts";
import { tellChanged } from "./tell-changed.ts";

const PUBLISH_LIMIT_MS = 5_000;

/**
 * Publishes a build that is in the records, then has it `queued`: so a message never names a build that is not there. A
 * queue that does not take the message in time is no failure: the build stays `pending`, and the sweeper publishes it.
 */
export async function queueBuild(created: BuildRecord, parts: ExecutorServiceParts): Promise<BuildRecord> {
  const { store, clock, logger, events } = parts;
  // It was asked for before, and has its message.
  if (created.status !== "pending") return created;
  let record = created;
  try {
    await publish(created, parts);
    record = await store.builds.markQueued(created.id, clock.now());
  } catch (error) {
    logger.warn({ buildId: created.id, error }, "a build could not be queued now: the sweeper will do it");
  }
  tellChanged(record, events);
  return record;
}

function publish({ id, projectId }: BuildRecord, parts: ExecutorServiceParts): Promise<void> {
  const { queue, clock, publishLimitMs = PUBLISH_LIMIT_MS } = parts;
  return new Promise((resolve, reject) => {
    const stop = clock.after(publishLimitMs, () => {
      reject(new ExecError("Timeout", `The queue did not take a message within ${publishLimitMs} ms.`));
    });
    queue.publishBuild({ buildId: id, projectId }).then(resolve, reject).finally(stop);
  });
}
