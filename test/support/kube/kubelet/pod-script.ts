/** The life of a simulated pod, as a test tells it. Times are milliseconds from the step before. */
import type { PodObject } from "../cluster-object.ts";

export interface PodScript {
  /** From being bound to a node to ContainerCreating being told. Default 0. */
  readonly creatingAfterMs?: number;
  /** From then to the containers' start. Default 0. */
  readonly startAfterMs?: number;
  /** From the main containers' start to their end. `never`: until it is deleted or a hook ends it. Default 0. */
  readonly runMs?: number | "never";
  readonly exitCode?: number;
  /** Instead of what the exit code says: `OOMKilled`, say. */
  readonly exitReason?: string;
  /** Left at `terminationMessagePath` by the main containers. */
  readonly terminationMessage?: string;
  /** Log of a container from its start. */
  readonly log?: string;
  /** The container, by name, never starts: it waits with this reason. */
  readonly waiting?: readonly WaitingScript[];
  /** Of init containers, by name; the others end with 0 at once. Native sidecars start, and are started at once. */
  readonly init?: Readonly<Record<string, InitScript>>;
  /** Between SIGTERM (a deletion) and the end of the containers. Default 0; never longer than the grace period. */
  readonly stopMs?: number;
  /** The pod is evicted by the kubelet, so long after its containers started. */
  readonly evictAfterMs?: number;
  readonly evictMessage?: string;
  /**
   * Acts as what runs inside. Called when the main containers have started; what it resolves to ends them. `runMs` does
   * not count then. Rejections end them with code 70.
   */
  readonly run?: (pod: RunningPod) => Promise<PodEnd>;
}

export interface WaitingScript {
  readonly container: string;
  /** `ErrImagePull`, `ImagePullBackOff`, `CreateContainerConfigError`, `InvalidImageName`, `CrashLoopBackOff`, … */
  readonly reason: string;
  readonly message: string;
  /** Becomes that, so long after it first waited: `ErrImagePull` becomes `ImagePullBackOff`. */
  readonly nextAfterMs?: number;
  readonly next?: { readonly reason: string; readonly message: string };
  /** After so long the container starts after all. Default: never. */
  readonly untilMs?: number;
}

export interface InitScript {
  readonly runMs?: number;
  readonly exitCode?: number;
  readonly reason?: string;
  readonly message?: string;
  readonly log?: string;
}

/** What a hook inside a simulated pod sees. */
export interface RunningPod {
  readonly pod: PodObject;
  /** Aborted when the pod is to end (SIGTERM): deleted, evicted, deadline. */
  readonly signal: AbortSignal;
  /** Writes to the container's log; the main container if none is named. */
  log(text: string, container?: string): void;
  /** The text of a file below a volume that is a Secret or ConfigMap, by the path it is mounted at. */
  readFile(path: string, container?: string): string | undefined;
}

export interface PodEnd {
  readonly exitCode: number;
  readonly reason?: string;
  readonly terminationMessage?: string;
}
