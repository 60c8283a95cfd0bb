import type { RetentionParts } from "./retention.ts";

/** Takes away artifacts whose time is over: the record first, so that nobody is sent to bytes that are gone. */
export async function expireArtifacts(parts: RetentionParts): Promise<number> {
  const { store, clock, batch } = parts;
  let removed = 0;
  for (;;) {
    const expired = await store.artifacts.expiredArtifacts(clock.now(), batch);
    for (const { id } of expired) {
      if (parts.signal.aborted) return removed;
      // Undefined: another server was faster.
      const artifact = await store.artifacts.deleteArtifact(id);
      if (artifact === undefined) continue;
      removed += 1;
      await parts.deleteBlob(artifact.blobKey);
    }
    if (expired.length < batch) return removed;
  }
}
