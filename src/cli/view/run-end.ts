import type { StoredArtifact } from "../../artifacts/stored-artifact.ts";

/** What a person may want to look at after a run, besides what the events said. */
export interface RunEnd {
  readonly artifacts: readonly StoredArtifact[];
  /** The folder that was kept with all workspaces. */
  readonly keptFolder: string | undefined;
  /** Only the watching has ended: said in place of a summary, which would tell of an end that there is not. */
  readonly leftOff?: string;
}
