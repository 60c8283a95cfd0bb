/**
 * What the conformance suite needs of a place to try an executor there. Nothing here assumes that a job shares files,
 * processes or a network with the test: what only some places have is a capability.
 */
import type { JobPlacement } from "../../protocol/job-placement.ts";
import type { CheckoutSource, JobRequest } from "../../protocol/job-request.ts";
import type { Executor } from "../executor.ts";

/** Opened for each case, closed after it. Cases run beside each other: places share nothing that they change. */
export interface ExecutorUnderTest {
  readonly executor: Executor;

  /**
   * A request without steps, for a job of this key of the place's one build. Two keys have two workspaces. The labels of its
   * placement lead to `images.plain` where jobs run in images.
   */
  request(jobKey: string): JobRequest;

  /** Where the job of such a request finds itself, as its steps see it. */
  paths(request: JobRequest): { readonly workspace: string; readonly temp: string };

  /**
   * Whether a living process of a job has this text in its environment or its arguments. Texts are unlike any other: nobody
   * else has them. (A process of a container is seen from its host; `processesWith` looks there.)
   */
  isAlive(marker: string): Promise<boolean>;

  /** What jobs of this place left behind, each in words: processes, containers, networks, secrets, files of a job's own. */
  leftovers(): Promise<readonly string[]>;

  /**
   * Where a text stands that others than the job can read: arguments and environments of processes that are no step's, what
   * `inspect` and `get` of containers, pods and volumes show, labels, names. A Kubernetes Secret is no such place.
   */
  exposed(text: string): Promise<readonly string[]>;

  close(): Promise<void>;

  // What not every place has. Absent: `skips` says why.

  /** Another executor over the same installation, as another worker process has it. Close it by `close`. */
  readonly reopen?: () => Promise<Executor>;
  readonly images?: ImagesUnderTest;
  /** The parts of a request under which its steps cannot write to their root file system. */
  readonly readOnlyRoot?: Partial<JobRequest>;
  /** The parts of a request under which a job has so much memory and no more. */
  readonly memoryLimit?: (bytes: number) => Partial<JobRequest>;
  /** Publishes a repository with one commit of these files, and gives what a request needs to check it out. */
  readonly checkout?: (files: Files) => Promise<CheckoutSource>;
  /** Publishes an action, to be had as `name@ref`, and gives what a request needs to have it. */
  readonly publishAction?: (nameAndRef: string, files: Files) => Promise<Partial<JobRequest>>;
  readonly infrastructure?: InfrastructureUnderTest;
}

export type Files = { readonly [path: string]: string };

/**
 * Names of images that are there already. All but `noShell` hold busybox with its applets on `/bin` (also `httpd`, `wget`
 * and `nc`), `ENV PATH=/image/bin:/bin`, `ENV FROM_IMAGE="of the image"`, `ENV LANG=C.UTF-8`, a program
 * `/image/bin/own-tool` that prints `the image's own`, and `WORKDIR /elsewhere`.
 */
export interface ImagesUnderTest {
  readonly plain: string;
  /** Has one file, the static program `/busybox`, and `ENV FROM_IMAGE="of the image"`; no PATH, no `/tmp`, no `/etc`. */
  readonly noShell: string;
  /** As plain, `USER 1234:2345`, `ENV HOME=/home/user`, which is that user's. */
  readonly nonRoot: string;
  /** As plain, with `ENTRYPOINT ["/image/bin/entry"]`, which prints `entry:` and each argument in brackets, and exits 0. */
  readonly withEntrypoint: string;
}

/** Ways to break what a job stands on. Each holds for this place alone. */
export interface InfrastructureUnderTest {
  /** Takes the place of a running job away as by a node that died: nothing in the job hears of it. */
  readonly vanish?: (request: JobRequest) => Promise<void>;
  /** An image that nobody has. */
  readonly missingImage?: string;
  /** Jobs that are started from now on wait for their place: an image is pulled, a pod is pending. Gives what lets them go. */
  readonly holdPlaces?: () => Promise<() => Promise<void>>;
  /** The executor cannot reach what it places jobs on; the jobs go on. Gives what brings it back. */
  readonly cutOff?: () => Promise<() => Promise<void>>;
}

export type Capability = keyof typeof CAPABILITIES;

/** How each capability is told to be there. Those without a part of their own are known by the table of skips alone. */
export const CAPABILITIES = {
  /** Steps have the request's `baseEnv`. */
  "host environment": () => true,
  "another worker": (place: ExecutorUnderTest) => place.reopen !== undefined,
  images: (place: ExecutorUnderTest) => place.images !== undefined,
  services: () => true,
  /** Docker actions and `docker://` steps with an image that is there. */
  "step containers": () => true,
  /** Docker actions with a Dockerfile. */
  "image builds": () => true,
  "read-only root": (place: ExecutorUnderTest) => place.readOnlyRoot !== undefined,
  "memory limit": (place: ExecutorUnderTest) => place.memoryLimit !== undefined,
  checkout: (place: ExecutorUnderTest) => place.checkout !== undefined,
  "published actions": (place: ExecutorUnderTest) => place.publishAction !== undefined,
  "vanishing places": (place: ExecutorUnderTest) => place.infrastructure?.vanish !== undefined,
  "missing image": (place: ExecutorUnderTest) => place.infrastructure?.missingImage !== undefined,
  "waiting places": (place: ExecutorUnderTest) => place.infrastructure?.holdPlaces !== undefined,
  "cut off": (place: ExecutorUnderTest) => place.infrastructure?.cutOff !== undefined,
} as const;

/**
 * Why a place cannot do what cases need, by capability or by the title of a single case: the one table of an executor's
 * exceptions. What stands here is told by a test of its own, and asserted to be missing.
 */
export type Skips = { readonly [capabilityOrTitle in Capability | (string & {})]?: string };

export const NO_PLACEMENT: JobPlacement = { labels: [], services: [], stepImages: [], clone: false };
