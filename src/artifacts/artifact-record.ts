import { readRecord } from "./read-record.ts";

/** What is known of a stored artifact; lies as JSON beside its content. Fields may be added, none changes its meaning. */
export interface ArtifactRecord {
  readonly format: 1;
  readonly id: number;
  readonly name: string;
  readonly buildId: string;
  /** Empty: kept by the build itself, not by one of its jobs. */
  readonly jobKey: string;
  readonly attempt: number;
  readonly jobBackendId: string;
  readonly mimeType: string;
  /** Name of the file beside the record. */
  readonly file: string;
  readonly sizeBytes: number;
  readonly digest: string;
  /** Unix milliseconds. */
  readonly createdAt: number;
  readonly expiresAt: number;
}

const TEXTS = ["name", "buildId", "jobKey", "jobBackendId", "mimeType", "file", "digest"] as const;
const NUMBERS = ["id", "attempt", "sizeBytes", "createdAt", "expiresAt"] as const;

/** Undefined: somebody else's file, a later format, or broken. */
export function readArtifactRecord(json: string): ArtifactRecord | undefined {
  return readRecord(json, { texts: TEXTS, numbers: NUMBERS }) as ArtifactRecord | undefined;
}
