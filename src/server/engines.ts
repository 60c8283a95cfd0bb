import type { BlobStore } from "../blobs/blob-store.ts";
import type { BlobUrls } from "../blobs/blob-urls.ts";
import { FolderBlobStore } from "../blobs/folder-blob-store.ts";
import { SignedBlobUrls } from "../blobs/signed-blob-urls.ts";
import type { Clock } from "../clock.ts";
import type { Config } from "../config/settings.ts";
import { ExecError } from "../errors.ts";
import type { EventBus } from "../events/event-bus.ts";
import { MemoryEventBus } from "../events/memory-event-bus.ts";
import type { MasterKey } from "../identity/master-key.ts";
import { MemoryQueue } from "../queue/memory-queue.ts";
import type { QueueClient } from "../queue/queue-client.ts";
import { DEFAULT_RETRY_POLICY } from "../queue/retry-policy.ts";
import { openStore } from "../store/open-store.ts";
import type { Store } from "../store/store.ts";
import type { Logger } from "../telemetry/logger.ts";
import type { DataFolder } from "./data-folder.ts";

interface EngineDeps {
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Leases and schedules compare the time of several machines: beyond this they would disagree about who may do what. */
const MAX_CLOCK_DIFFERENCE_MS = 10_000;

/** The records; rejects with `ExecError` where they cannot be used, or their engine's clock is far from ours. */
export async function openRecords(config: Config, folder: DataFolder, deps: EngineDeps): Promise<Store> {
  const url = config["database.url"];
  const store = await openStore(
    url === undefined
      ? { kind: "sqlite", file: folder.records }
      : { kind: "postgres", url, poolSize: config["database.pool-size"] },
    deps,
  );
  try {
    const before = deps.clock.now();
    const theirs = await store.ping();
    const difference = theirs - (before + deps.clock.now()) / 2;
    if (Math.abs(difference) > MAX_CLOCK_DIFFERENCE_MS) {
      const seconds = Math.round(Math.abs(difference) / 1000);
      throw new ExecError(
        "Permanent",
        `The clock of this machine is ${seconds} s ${difference > 0 ? "behind" : "ahead of"} the database's. Set it right (NTP) and start again.`,
      );
    }
  } catch (error) {
    await store.close();
    throw error;
  }
  return store;
}

export async function openQueue(config: Config, deps: EngineDeps): Promise<QueueClient> {
  const url = config["queue.url"];
  if (url === undefined) return new MemoryQueue(deps);
  const { RabbitQueue } = await import("../queue/rabbit-queue.ts");
  return await RabbitQueue.open({
    url,
    prefix: config["queue.prefix"],
    retry: { ...DEFAULT_RETRY_POLICY, maxDeliveries: config["queue.max-deliveries"] },
    ...deps,
  });
}

export async function openEvents(config: Config, instanceId: string, deps: EngineDeps): Promise<EventBus> {
  const url = config["queue.url"];
  if (url === undefined) return new MemoryEventBus(deps);
  const { RabbitEventBus } = await import("../events/rabbit-event-bus.ts");
  return await RabbitEventBus.open({ url, prefix: config["queue.prefix"], instanceId, ...deps });
}

export interface Blobs {
  readonly store: BlobStore;
  readonly urls: BlobUrls;
  /** Present where addresses are signed here and lead to this server. */
  readonly signed?: SignedBlobUrls;
}

/** Where the API serves what `SignedBlobUrls` allows. */
const SIGNED_BLOBS_PATH = "/api/v1/blobs";

/** Does not reach out yet: `check` does. */
export async function openBlobs(
  config: Config,
  folder: DataFolder,
  masterKey: MasterKey,
  deps: EngineDeps & { readonly publicUrl: string },
): Promise<Blobs> {
  const bucket = config["s3.bucket"];
  if (bucket === undefined) {
    const secret = masterKey.derive("signed addresses of blobs");
    const signed = new SignedBlobUrls({
      secret,
      clock: deps.clock,
      base: `${deps.publicUrl}${SIGNED_BLOBS_PATH}`,
    });
    return { store: new FolderBlobStore({ root: folder.blobs }), urls: signed, signed };
  }
  const [{ S3BlobStore }, { S3BlobUrls }] = await Promise.all([
    import("../blobs/s3-blob-store.ts"),
    import("../blobs/s3-blob-urls.ts"),
  ]);
  const region = config["s3.region"];
  const store = new S3BlobStore({
    endpoint: config["s3.endpoint"] ?? `https://s3.${region}.amazonaws.com`,
    region,
    bucket,
    accessKeyId: config["s3.access-key-id"] ?? "",
    secretAccessKey: config["s3.secret-access-key"] ?? "",
    prefix: config["s3.prefix"],
  });
  return { store, urls: new S3BlobUrls(store) };
}
