import type { UploadedContent } from "./uploads.ts";

/** The artifacts of builds: who has which, and where their bytes lie. A name is there once in a run. */
export interface ArtifactCatalog {
  /** Complete and not expired, oldest first. */
  list(runId: string): Promise<readonly KeptArtifact[]>;
  find(runId: string, name: string): Promise<KeptArtifact | undefined>;
  /** Stores content and record; an artifact of that name that the run had is replaced. */
  add(artifact: NewArtifact, content: UploadedContent): Promise<KeptArtifact>;
  /** The same, but for one of that name that `stays`: then undefined, and the content is of no use. */
  addUnless(
    artifact: NewArtifact,
    content: UploadedContent,
    stays: (present: Pick<KeptArtifact, "buildId" | "jobKey">) => boolean,
  ): Promise<KeptArtifact | undefined>;
  remove(artifact: KeptArtifact): Promise<void>;
}

export interface NewArtifact {
  /** As in `JobIdentity`. */
  readonly runId: string;
  readonly space: string;
  /** The attempt at the build that made it. */
  readonly buildId: string;
  /** Empty: kept by the build itself, not by one of its jobs. */
  readonly jobKey: string;
  readonly attempt: number;
  readonly jobBackendId: string;
  readonly name: string;
  readonly mimeType: string;
  /** Its name for whoever saves it. */
  readonly file: string;
  readonly digest: string;
  /** Unix milliseconds. */
  readonly createdAt: number;
  readonly expiresAt: number;
}

export interface KeptArtifact extends Omit<NewArtifact, "space"> {
  readonly id: number;
  readonly sizeBytes: number;
  /** In the blob store. */
  readonly contentKey: string;
}
