/** An artifact that is complete, for a person to look at. */
export interface StoredArtifact {
  readonly id: number;
  readonly name: string;
  readonly sizeBytes: number;
  /** Absolute path of the zip, or of the file itself where it was kept as it is. */
  readonly path: string;
  /** `sha256:` and 64 hex digits, of the file at `path`. */
  readonly digest: string;
  /** Unix times in milliseconds. */
  readonly createdAt: number;
  readonly expiresAt: number;
}
