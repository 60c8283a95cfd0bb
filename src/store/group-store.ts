import type { BuildLease } from "./build-record.ts";

/** `concurrency` groups of all builds on the server. A group belongs to a project; its name has no case. */
export interface GroupStore {
  /**
   * Takes a place in a group, running if it is free, else waiting, by the rules of `ConcurrencySetting`. Asked again by
   * the same holder of the same build it gives the place that holder has. One transaction.
   */
  enter(lease: BuildLease, request: GroupEntry): Promise<GroupPlacement>;
  /** Gives the place back, running or waiting; the next that waits runs. Gives the holder that now runs. Idempotent. */
  leave(buildId: string, holder: string): Promise<GroupHolder | undefined>;
  /** Where a build's holders stand: polled by its worker, besides what the event bus tells. */
  placements(buildId: string): Promise<readonly GroupPlacement[]>;
  /** Takes away what ended builds left. Gives the holders that now run. */
  sweep(): Promise<readonly GroupHolder[]>;
}

export interface GroupEntry {
  readonly projectId: string;
  readonly group: string;
  /** Unique in the build. */
  readonly holder: string;
  readonly within: readonly string[];
  readonly cancelInProgress: boolean;
  readonly queue: "single" | "max";
  readonly at: number;
}

export interface GroupHolder {
  readonly buildId: string;
  readonly holder: string;
}

export interface GroupPlacement extends GroupHolder {
  /** `cancelled`: it must not run, or not go on; it keeps its place until `leave`. */
  readonly state: "running" | "waiting" | "cancelled";
  readonly reason?: string;
  /** Other holders whose state this call changed: their workers must be told. */
  readonly changed: readonly GroupHolder[];
}
