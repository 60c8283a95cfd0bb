import type { Readable } from "node:stream";
import type { BlobStore } from "../blobs/blob-store.ts";
import type { Clock } from "../clock.ts";
import { ExecError } from "../errors.ts";
import type { ArtifactEntry, ArtifactStore } from "../store/artifact-store.ts";
import { verifiedBody } from "./verified-body.ts";

/** An artifact and its bytes, which must be read to their end or destroyed. */
export interface OpenArtifact {
  readonly artifact: ArtifactEntry;
  /** Ends with an error, a byte short at least, where the content is not what was stored. */
  readonly body: Readable;
}

/** By the record's id. Rejects with `NotFound` for none, an expired one, and one whose bytes are gone or cut. */
export async function openArtifact(
  parts: {
    readonly records: Pick<ArtifactStore, "getArtifact">;
    readonly blobs: Pick<BlobStore, "get">;
    readonly clock: Pick<Clock, "now">;
  },
  id: string,
): Promise<OpenArtifact> {
  const artifact = await parts.records.getArtifact(id);
  if (artifact.expiresAt <= parts.clock.now()) {
    throw new ExecError("NotFound", `The artifact ${artifact.name} has expired.`);
  }
  const { stat, body } = await parts.blobs.get(artifact.blobKey);
  if (stat.sizeBytes !== artifact.sizeBytes) {
    body.destroy();
    throw new ExecError("NotFound", `The artifact ${artifact.name} is damaged: its content was cut.`);
  }
  return { artifact, body: verifiedBody(body, artifact.sha256, `The artifact ${artifact.name}`) };
}
