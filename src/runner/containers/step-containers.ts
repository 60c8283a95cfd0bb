import type { ImageConfig, StepContainerRequest } from "../../protocol/runner-message.ts";

/** Who makes containers for the steps of a job that is among containers (`JobContainers.steps` is `asked`). */
export interface StepContainers {
  /** `id` is unique within the job's attempt. The container is there until `remove`. */
  start(id: string, container: StepContainerRequest, log: (line: string) => void): StartedContainer;
}

export interface StartedContainer {
  /** The container runs, and its gate connects. Rejects with `ExecError` where it could not be had. */
  readonly ready: Promise<ImageConfig>;
  /** Never settles where nobody notices: the gate's own word comes first. */
  readonly ended: Promise<ContainerEnd>;
  remove(): void;
}

export interface ContainerEnd {
  readonly exitCode?: number;
  readonly outOfMemory: boolean;
  /** Why it ended, as the container engine has it. */
  readonly error?: string;
}
