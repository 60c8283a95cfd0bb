import { createExecutorService } from "../builds/service/create-executor-service.ts";
import type { ExecutorService } from "../builds/service/executor-service.ts";
import { Sweeper } from "../builds/worker/sweeper.ts";
import type { SharedParts } from "./shared-parts.ts";

/** Starts the role executor: builds and what keeps them going where a queue or a worker failed; what is old goes. */
export async function startExecutor(parts: SharedParts): Promise<ExecutorService> {
  const { store, queue, events, logs, clock, logger, metrics, closers } = parts;
  const service = createExecutorService({ store, queue, events, logs, clock, logger });

  const sweeper = new Sweeper({ store, queue, events, clock, logger, metrics });
  // A SQLite file belongs to one process: whoever ran builds of it before is gone.
  await sweeper.recover({ alone: store.engine === "sqlite" });
  sweeper.start();
  closers.add("sweeper", () => sweeper.stop());
  await parts.webhooks.start();
  closers.add("webhooks", () => parts.webhooks.stop());
  return service;
}
