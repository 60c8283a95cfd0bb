/** What a test may ask of a `TestCluster`. Everything has a default. */
import type { Clock } from "../../../src/clock.ts";
import type { NewObject } from "./cluster-object.ts";
import type { PolicyRule } from "./http/access-rules.ts";
import type { PodScript } from "./kubelet/pod-script.ts";

export interface TestClusterOptions {
  /** HTTPS with a certificate of its own CA (the default), or plain HTTP, which costs less. kubectl sends no token over HTTP. */
  readonly tls?: boolean;
  /** Namespaces beside `default` and `kube-system`, with their labels. */
  readonly namespaces?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** Default: one node, `node-1`, with room for all. */
  readonly nodes?: readonly NodeOptions[];
  /** Users beside `admin`, who may do all: what each may do. */
  readonly users?: Readonly<Record<string, readonly PolicyRule[]>>;
  /** Default: simulated. */
  readonly kubelet?: SimulatedKubeletOptions | DockerKubeletOptions;
  /** Objects that are there from the start. */
  readonly objects?: readonly NewObject[];
  /** How many changes are remembered for watches; older resource versions are 410 Gone. Default 20,000. */
  readonly historyEvents?: number;
  /** Between bookmarks of a watch that allows them. Default 5 s (Kubernetes: about a minute). */
  readonly bookmarkMs?: number;
  /** Of chance in fault scripts. Default 1. */
  readonly seed?: number;
  /** Default: the system's. */
  readonly clock?: Clock;
}

export interface NodeOptions {
  readonly name: string;
  /** Quantities; defaults: cpu 10000, memory 100Ti, pods 100000, ephemeral-storage 100Ti. */
  readonly capacity?: Readonly<Record<string, string>>;
  readonly labels?: Readonly<Record<string, string>>;
  readonly taints?: readonly NodeTaint[];
}

export interface NodeTaint {
  readonly key: string;
  readonly value?: string;
  readonly effect: "NoSchedule" | "PreferNoSchedule" | "NoExecute";
}

/** Pods without processes: each lives as its script says. */
export interface SimulatedKubeletOptions {
  readonly kind: "simulated";
  /** The life of a pod for which the test has set no other. */
  readonly defaultScript?: PodScript;
}

/** Pods that really run, as containers of a Docker daemon. */
export interface DockerKubeletOptions {
  readonly kind: "docker";
  /** The daemon's socket. */
  readonly socketPath: string;
  /** In which pods' volumes lie. A folder of its own is made and removed by default. */
  readonly folder?: string;
  /** Between two tries to pull an image that is not there. Default 2 s, doubled each time up to 30 s. */
  readonly pullBackoffMs?: number;
}
