import { logBlobKey, logTimesKey } from "../logs/log-blob-key.ts";
import type { RetentionParts } from "./retention.ts";

/** Takes away whole logs of builds that ended longer ago than this. Their steps stay, and say that the log is gone. */
export async function expireLogs(parts: RetentionParts, keepMs: number): Promise<number> {
  const { store, clock, batch } = parts;
  let removed = 0;
  for (;;) {
    const old = await store.logs.sealed(clock.now() - keepMs, batch);
    for (const { ref, buildId } of old) {
      if (parts.signal.aborted) return removed;
      await store.logs.expire(ref);
      removed += 1;
      await parts.deleteBlob(logBlobKey(buildId, ref.id));
      await parts.deleteBlob(logTimesKey(buildId, ref.id));
    }
    if (old.length < batch) return removed;
  }
}
