import type { BlobStat } from "../blobs/blob-store.ts";
import { ExecError } from "../errors.ts";
import { LOG_BLOB_PREFIX, parseLogBlobKey } from "../logs/log-blob-key.ts";
import type { LogState } from "../store/job-record.ts";
import type { RetentionParts } from "./retention.ts";

/**
 * Takes away blobs that no record names: of projects that were deleted, and of processes that ended between a record and
 * its blob. Only below the prefixes given and those of logs, and only blobs older than `ageMs`, since the record of one
 * that is being stored comes after its bytes.
 */
export async function deleteOrphans(
  parts: RetentionParts,
  settings: { readonly prefixes: readonly string[]; readonly ageMs: number },
): Promise<number> {
  let removed = 0;
  for (const prefix of settings.prefixes) {
    removed += await sweep(prefix, parts, settings.ageMs, (keys) => parts.store.artifacts.ownedBlobs(keys));
  }
  const owned = ownedLogs(parts);
  return removed + (await sweep(LOG_BLOB_PREFIX, parts, settings.ageMs, owned));
}

async function sweep(
  prefix: string,
  parts: RetentionParts,
  ageMs: number,
  ownedOf: (keys: readonly string[]) => Promise<ReadonlySet<string>>,
): Promise<number> {
  let removed = 0;
  let old: string[] = [];
  const settle = async () => {
    const owned = await ownedOf(old);
    for (const key of old) {
      if (owned.has(key) || parts.signal.aborted) continue;
      if (await parts.deleteBlob(key)) removed += 1;
    }
    old = [];
  };
  for await (const blob of parts.blobs.list(prefix)) {
    if (parts.signal.aborted) return removed;
    if (!isOld(blob, parts.clock.now() - ageMs)) continue;
    old.push(blob.key);
    if (old.length >= parts.batch) await settle();
  }
  if (old.length > 0) await settle();
  return removed;
}

function isOld(blob: BlobStat, before: number): boolean {
  return blob.modifiedAt < before;
}

/** A log has an owner as long as its step is in the records and does not say that the log has expired. */
function ownedLogs(parts: RetentionParts): (keys: readonly string[]) => Promise<ReadonlySet<string>> {
  // Blobs of a build come one after the other: its steps are asked for once.
  let last: { readonly buildId: string; readonly steps: ReadonlyMap<string, LogState["kept"]> } | undefined;
  return async (keys) => {
    const owned = new Set<string>();
    for (const key of keys) {
      const place = placeOf(key);
      // Not ours to delete.
      if (place === undefined) {
        owned.add(key);
        continue;
      }
      if (last?.buildId !== place.buildId) {
        last = { buildId: place.buildId, steps: await keptLogs(place.buildId, parts) };
      }
      const kept = last.steps.get(place.stepId);
      if (kept !== undefined && kept !== "expired") owned.add(key);
    }
    return owned;
  };
}

function placeOf(key: string): { readonly buildId: string; readonly stepId: string } | undefined {
  try {
    return parseLogBlobKey(key);
  } catch {
    return undefined;
  }
}

async function keptLogs(
  buildId: string,
  parts: RetentionParts,
): Promise<ReadonlyMap<string, LogState["kept"]>> {
  try {
    const steps = await parts.store.builds.steps(buildId);
    return new Map(steps.map((step) => [step.id, step.log.kept]));
  } catch (error) {
    if (error instanceof ExecError && error.code === "NotFound") return new Map();
    throw error;
  }
}
