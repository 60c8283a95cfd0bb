/**
 * The kubelets of all nodes, for pods that really run: each pod a container that holds its network and one for each of its
 * containers, on a network of the cluster's own; servers on this host are reached from pods at `hostAddress`, the gateway of
 * that network. Whatever it made carries a label and is gone after `close`.
 */
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Docker from "dockerode";
import { loadImage } from "../../../images/load-image.ts";
import type { PodObject } from "../../cluster-object.ts";
import type { DockerKubeletOptions } from "../../cluster-options.ts";
import type { Kubelet, LogEntry, LogQuery } from "../kubelet.ts";
import { dockerLog } from "./docker-log.ts";
import { DockerPod, type DockerPodParts } from "./docker-pod.ts";

export type DockerKubeletParts = Pick<DockerPodParts, "registry" | "events" | "clock" | "isSilent">;

export class DockerKubelet implements Kubelet {
  /** The gateway of the pods' network. */
  readonly hostAddress: string;
  readonly #parts: DockerPodParts;
  readonly #networkId: string;
  readonly #folder: string;
  readonly #ownsFolder: boolean;
  readonly #pods = new Map<string, DockerPod>();
  readonly #going = new Set<Promise<void>>();
  readonly #unsubscribe: () => void;

  private constructor(parts: DockerPodParts, networkId: string, folder: string, ownsFolder: boolean) {
    this.#parts = parts;
    this.hostAddress = parts.hostAddress;
    this.#networkId = networkId;
    this.#folder = folder;
    this.#ownsFolder = ownsFolder;
    this.#unsubscribe = parts.registry.store.subscribe(({ resource, type, object }) => {
      if (resource === "pods") this.#see(object as PodObject, type === "DELETED");
    });
  }

  static async start(parts: DockerKubeletParts, options: DockerKubeletOptions): Promise<DockerKubelet> {
    const client = new Docker({ socketPath: options.socketPath });
    const pauseImage = await loadImage(client, "busybox");
    const id = randomBytes(4).toString("hex");
    const labels = { "slipway.test/kube": id };
    const network = await client.createNetwork({ Name: `kube-${id}`, Driver: "bridge", Labels: labels });
    const { IPAM, Id } = (await network.inspect()) as {
      IPAM: { Config: { Gateway?: string }[] };
      Id: string;
    };
    const folder = options.folder ?? mkdtempSync(join(tmpdir(), "slipway-kubelet-"));
    const hostAddress = IPAM.Config[0]?.Gateway ?? "";
    const all: DockerPodParts = {
      ...parts,
      client,
      pauseImage,
      labels,
      network: `kube-${id}`,
      hostAddress,
      folder,
      pullBackoffMs: options.pullBackoffMs ?? 2_000,
    };
    return new DockerKubelet(all, Id, folder, options.folder === undefined);
  }

  readLog(pod: PodObject, query: LogQuery, signal: AbortSignal): AsyncIterable<LogEntry> | undefined {
    const id = this.#pods.get(pod.metadata.uid)?.containerId(query.container, query.previous);
    return id === undefined ? undefined : dockerLog(this.#parts.client, id, query, signal);
  }

  async close(): Promise<void> {
    this.#unsubscribe();
    for (const pod of this.#pods.values()) this.#remove(pod);
    this.#pods.clear();
    await Promise.all(this.#going);
    const { client, labels } = this.#parts;
    const [label] = Object.entries(labels).map(([key, value]) => `${key}=${value}`);
    const left = await client.listContainers({ all: true, filters: { label: [label ?? ""] } });
    await Promise.all(
      left.map(({ Id }) =>
        client
          .getContainer(Id)
          .remove({ force: true, v: true })
          .catch(() => {}),
      ),
    );
    await client.getNetwork(this.#networkId).remove();
    if (this.#ownsFolder) rmSync(this.#folder, { recursive: true, force: true });
  }

  #see(pod: PodObject, gone: boolean): void {
    const { uid } = pod.metadata;
    const known = this.#pods.get(uid);
    if (gone) {
      if (known !== undefined) this.#remove(known);
      this.#pods.delete(uid);
      return;
    }
    if ((pod.spec.nodeName ?? "") === "") return;
    const going = pod.metadata.deletionTimestamp !== undefined;
    if (known !== undefined) {
      if (going) known.terminate(pod.metadata.deletionGracePeriodSeconds ?? 30);
      return;
    }
    if (pod.status.phase === "Succeeded" || pod.status.phase === "Failed") return;
    const made = new DockerPod(this.#parts, pod);
    this.#pods.set(uid, made);
    setImmediate(() => made.start());
    if (going) setImmediate(() => made.terminate(pod.metadata.deletionGracePeriodSeconds ?? 30));
  }

  #remove(pod: DockerPod): void {
    const going = pod.remove();
    this.#going.add(going);
    void going.finally(() => this.#going.delete(going));
  }
}
