import { z } from "zod";
import type { ArtifactEntry, CacheRow } from "../../../store/artifact-store.ts";
import { isoTime, named, time } from "./schema.ts";

export const artifactSchema = named(
  "Artifact",
  z.object({
    id: z.string(),
    name: z.string(),
    file: z.string().describe("Name of the file that a download gives."),
    contentType: z.string(),
    jobKey: z.string(),
    attempt: z.int(),
    sizeBytes: z.int(),
    sha256: z.string(),
    createdAt: time,
    expiresAt: time,
    downloadUrl: z.string().describe("Path from the root of the server."),
  }),
);

export const cacheSchema = named(
  "Cache",
  z.object({
    id: z.string(),
    key: z.string(),
    version: z.string(),
    scope: z.string().describe("Full ref."),
    sizeBytes: z.int(),
    createdAt: time,
    usedAt: time,
  }),
);

export function artifactView(artifact: ArtifactEntry, base: string): z.output<typeof artifactSchema> {
  const { id, name, file, contentType, jobKey, attempt, sizeBytes, sha256 } = artifact;
  return {
    id,
    name,
    file,
    contentType,
    jobKey,
    attempt,
    sizeBytes,
    sha256,
    createdAt: isoTime(artifact.createdAt),
    expiresAt: isoTime(artifact.expiresAt),
    downloadUrl: `${base}/artifacts/${id}/download`,
  };
}

export function cacheView(cache: CacheRow): z.output<typeof cacheSchema> {
  const { id, key, version, scope, sizeBytes } = cache;
  return {
    id,
    key,
    version,
    scope,
    sizeBytes,
    createdAt: isoTime(cache.createdAt),
    usedAt: isoTime(cache.usedAt),
  };
}
