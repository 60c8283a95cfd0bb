import { sharedOidcKey } from "../artifacts/shared-oidc-key.ts";
import { createExecutorService } from "../builds/service/create-executor-service.ts";
import type { ExecutorService } from "../builds/service/executor-service.ts";
import { Sweeper } from "../builds/worker/sweeper.ts";
import { rewrapSecrets } from "../identity/rewrap-secrets.ts";
import { Retention } from "../retention/retention.ts";
import { webhookKeyContext } from "../webhooks/webhook-key-context.ts";
import type { SharedParts } from "./shared-parts.ts";

const LONGEST_SWEEP_PAUSE_MS = 15_000;

/** Starts the role executor: builds and what keeps them going where a queue or a worker failed; what is old goes. */
export async function startExecutor(parts: SharedParts): Promise<ExecutorService> {
  const { config, store, queue, events, logs, blobs, clock, logger, metrics, closers } = parts;
  const service = createExecutorService({ store, queue, events, logs, clock, logger });

  // Whoever wants lost workers noticed soon wants their builds to go on soon.
  const intervalMs = Math.min(LONGEST_SWEEP_PAUSE_MS, config["worker.lease"] / 2);
  const sweeper = new Sweeper({ store, queue, events, clock, logger, metrics, intervalMs });
  // A SQLite file belongs to one process: whoever ran builds of it before is gone.
  await sweeper.recover({ alone: store.engine === "sqlite" });
  sweeper.start();
  closers.add("sweeper", () => sweeper.stop());
  const retention = new Retention({
    store,
    blobs: blobs.store,
    clock,
    logger,
    sealLeftovers: () => logs.sealLeftovers(),
    keepLogsMs: config["logs.retention"],
    cacheQuotaBytes: config["caches.size"],
    ownedPrefixes: ["artifacts/", "caches/"],
  });
  retention.start();
  closers.add("retention", () => retention.stop());
  closers.add("upkeep", upkeep(parts));
  if (config["previous-master-keys"].length > 0) closers.add("keys", changeKeys(parts));
  await parts.webhooks.start();
  closers.add("webhooks", () => parts.webhooks.stop());
  return service;
}

/** Seals anew what an older master key sealed, beside the work. Gives what waits for its end. */
function changeKeys({ store, vault, blobs, logger }: SharedParts): () => Promise<void> {
  const changing = (async () => {
    await sharedOidcKey(blobs.store, vault);
    return await rewrapSecrets(store, vault, webhookKeyContext);
  })().then(
    (changed) =>
      logger.info({ changed }, "everything is sealed with the new master key; the previous ones may go"),
    (error: unknown) =>
      logger.error({ err: error }, "what a previous master key sealed could not be sealed anew"),
  );
  return () => changing;
}

const UPKEEP_EVERY_MS = 3_600_000;
/** How long what is over is still told of: deliveries of webhooks, tokens that expired. */
const KEEP_OVER_MS = 30 * 24 * 3_600_000;

/** What is only to be tidied now and then. Gives what stops it. */
function upkeep({ services, store, clock, logger }: SharedParts): () => void {
  let cancel = () => {};
  const removeDeliveries = async () => {
    while ((await store.webhooks.removeDeliveries(clock.now() - KEEP_OVER_MS)) > 0);
  };
  const tidy = async () => {
    const results = await Promise.allSettled([
      services.clearLeftovers(),
      store.requests.removeExpired(clock.now()),
      store.access.removeExpired(clock.now() - KEEP_OVER_MS),
      removeDeliveries(),
    ]);
    for (const result of results) {
      if (result.status === "rejected") logger.warn({ err: result.reason }, "a part of the upkeep failed");
    }
  };
  const plan = () => {
    cancel = clock.after(UPKEEP_EVERY_MS, () => void tidy().then(plan));
  };
  plan();
  return () => cancel();
}
