import type { ImagesUnderTest } from "../../../src/executors/conformance/executor-under-test.ts";
import type { HttpKubeClient } from "../../../src/executors/kubernetes/http-kube-client.ts";
import type { KubeAccess } from "../../../src/executors/kubernetes/kube-access.ts";

/** A cluster as tests of an executor need it: the project's own, or a real one. */
export interface ClusterStand {
  readonly name: string;
  /** Where the tests' jobs run: its own, gone with it. */
  readonly namespace: string;
  readonly arch: "amd64" | "arm64";
  /** Of this machine, as pods reach servers on it. */
  readonly address: string;
  readonly kitImage: string;
  readonly images: ImagesUnderTest;
  /** Of the API server. */
  readonly api: { readonly host: string; readonly port: number };
  /** May do everything. */
  readonly admin: HttpKubeClient;
  /** The same, for what that client has no call for. */
  adminAccess(): Promise<KubeAccess>;

  /** The path of a kubeconfig for a worker that may do what the Role says, and comes by a port of 127.0.0.1. */
  workerConfig(port: number): string;

  /** An image that no registry has, with a registry that says so. */
  readonly missingImage: string;

  /** Whether a living process in pods of this installation has a text in its environment or arguments. */
  isAlive(marker: string, installation: string): Promise<boolean>;

  /**
   * Pods of jobs with the label `held` that are made from now on wait. Gives what lets them go. `hold` is the name that the
   * class was made for.
   */
  holdPods(hold: string): Promise<() => Promise<void>>;

  /** What a class for jobs that can be held looks like: YAML of its template, indented by four. */
  heldTemplate(hold: string): string;

  /** Asks the API to evict a pod, as a drain of its node does. */
  evict(pod: string): Promise<void>;

  close(): Promise<void>;
}
