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

/** As `encodeFrame` writes a frame. A decoder of frames gives it back as a message. */
export function encodeRunnerMessage(message: RunnerMessage): string {
  return `\x1e${JSON.stringify(message)}\n`;
}

/** Undefined for what is no message that this side knows. `record` is what stands between separator and line feed. */
export function parseRunnerMessage(record: string): RunnerMessage | undefined {
  if (!record.startsWith('{"type":"container.')) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(record);
  } catch {
    return undefined;
  }
  const { type, id, container } = value as Record<string, unknown>;
  if (typeof id !== "string") return undefined;
  if (type === "container.remove") return { type, id };
  return type === "container.start" && isContainerRequest(container) ? { type, id, container } : undefined;
}

function isContainerRequest(value: unknown): value is StepContainerRequest {
  if (typeof value !== "object" || value === null) return false;
  const { image, gateSocket, options } = value as Record<string, unknown>;
  if (typeof gateSocket !== "string" || (options !== undefined && typeof options !== "string")) return false;
  if (typeof image !== "object" || image === null) return false;
  const { kind, name, context, dockerfile } = image as Record<string, unknown>;
  if (kind === "pull") return typeof name === "string";
  return kind === "build" && typeof context === "string" && typeof dockerfile === "string";
}

/** What the image says of itself. */
export interface ImageConfig {
  readonly entrypoint: readonly string[];
  readonly command: readonly string[];
}
