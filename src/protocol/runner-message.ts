/**
 * What a runner asks of the executor that placed it, beside its frames: one JSON text of a sequence like a frame, without
 * a number. A message is not kept: after each `attached` the runner says again what has not been answered.
 */
export type RunnerMessage =
  /** Asks for a container beside the job's own, for one step. Answered by `container.ready` or `container.failed`. */
  | { readonly type: "container.start"; readonly id: string; readonly container: StepContainerRequest }
  /** The step is over: the container goes. Not answered. */
  | { readonly type: "container.remove"; readonly id: string };

/**
 * A container in which a step runs a program. What its process gets (arguments, environment) is not part of this: that goes
 * through the gate, so that no secret stands in what the container is made from.
 */
export interface StepContainerRequest {
  readonly image:
    | { readonly kind: "pull"; readonly name: string }
    /** Built from a folder that the job sees at this absolute path. */
    | { readonly kind: "build"; readonly context: string; readonly dockerfile: string };
  /** Absolute, as the job sees it: the socket that the gate in the container connects to. */
  readonly gateSocket: string;
  /** More flags of `docker create` (`options` of a step, there for `docker://` only in other systems). */
  readonly options?: string;
}

/** What the image says of itself. */
export interface ImageConfig {
  readonly entrypoint: readonly string[];
  readonly command: readonly string[];
}
