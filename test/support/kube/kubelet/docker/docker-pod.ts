/**
 * One pod that really runs, from its binding to its end. Order: volumes, the container that holds the network, init
 * containers one after another (native sidecars stay, and must have started before the next), the main containers together;
 * when these have ended, the sidecars in reverse.
 */
import { rmSync } from "node:fs";
import { join } from "node:path";
import type Docker from "dockerode";
import type { Container } from "kubernetes-types/core/v1.js";
import type { Clock } from "../../../../../src/clock.ts";
import type { PodObject } from "../../cluster-object.ts";
import type { EventRecorder, NewEvent } from "../../controllers/event-recorder.ts";
import type { Registry } from "../../registry.ts";
import { kindOf } from "../../resource-kind.ts";
import { firstStatus, isSidecar, settle } from "../pod-states.ts";
import { DockerContainer } from "./docker-container.ts";
import { makeVolumes, type PodFolders } from "./pod-volumes.ts";

export interface DockerPodParts {
  readonly registry: Registry;
  readonly events: EventRecorder;
  readonly clock: Clock;
  readonly isSilent: (node: string) => boolean;
  readonly client: Docker;
  readonly pauseImage: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly network: string;
  readonly hostAddress: string;
  readonly folder: string;
  readonly pullBackoffMs: number;
}

export class DockerPod {
  readonly parts: DockerPodParts;
  readonly pod: PodObject;
  readonly folders: PodFolders;
  readonly #containers = new Map<string, DockerContainer>();
  readonly #stop = new AbortController();
  #sandboxId = "";
  #podIp = "";
  #life: Promise<void> = Promise.resolve();
  /** When the grace of its deletion is over, by the clock that only goes forward. */
  #deadline = Number.POSITIVE_INFINITY;
  #terminating: Promise<void> | undefined;
  #removed = false;

  constructor(parts: DockerPodParts, pod: PodObject) {
    this.parts = parts;
    this.pod = pod;
    this.folders = {
      pod: join(parts.folder, "pods", pod.metadata.uid),
      claims: join(parts.folder, "claims"),
    };
  }

  get sandboxId(): string {
    return this.#sandboxId;
  }

  get podIp(): string {
    return this.#podIp;
  }

  /** Aborted when the pod is to end. */
  get stopped(): AbortSignal {
    return this.#stop.signal;
  }

  start(): void {
    this.#life = this.#live().catch((error: unknown) => {
      if (!this.#removed) this.tell("FailedCreatePodSandBox", String(error), undefined, "Warning");
    });
  }

  containerId(name: string, previous: boolean): string | undefined {
    const container = this.#containers.get(name);
    return previous ? container?.previousId : container?.id;
  }

  /** The pod was deleted: SIGTERM, and SIGKILL when the grace is over. Said again with less grace, it ends sooner. */
  terminate(graceSeconds: number): void {
    const deadline = this.parts.clock.monotonic() + graceSeconds * 1000;
    if (deadline >= this.#deadline - 500) return;
    this.#deadline = deadline;
    this.#stop.abort();
    const again = this.#terminating !== undefined;
    const ended = this.#endAll(graceSeconds);
    if (!again) this.#terminating = ended.then(() => this.#confirmDeletion());
  }

  /** Removes all that it was, at once. */
  async remove(): Promise<void> {
    this.#removed = true;
    this.#stop.abort();
    await Promise.all([...this.#containers.values()].map((one) => one.kill()));
    await this.#removeSandbox();
    await this.#life;
    await this.#terminating?.catch(() => {});
    await Promise.all([...this.#containers.values()].map((one) => one.remove()));
    await this.#removeSandbox();
    rmSync(this.folders.pod, { recursive: true, force: true });
  }

  update(change: (draft: PodObject) => void): void {
    const { registry, isSilent } = this.parts;
    const { namespace, name, uid } = this.pod.metadata;
    if (this.#removed || isSilent(this.pod.spec.nodeName ?? "")) return;
    if (registry.store.get("pods", namespace, name)?.metadata.uid !== uid) return;
    registry.modify("pods", namespace, name, (draft) => {
      change(draft);
      settle(draft, registry.now());
    });
  }

  tell(reason: string, message: string, container?: string, type: NewEvent["type"] = "Normal"): void {
    const node = this.pod.spec.nodeName ?? "";
    if (this.#removed || this.parts.isSilent(node)) return;
    const init = this.pod.spec.initContainers?.some(({ name }) => name === container) === true;
    this.parts.events.tell(this.pod, {
      type,
      reason,
      message,
      component: "kubelet",
      host: node,
      ...(container === undefined
        ? {}
        : { fieldPath: `spec.${init ? "initContainers" : "containers"}{${container}}` }),
    });
  }

  /** Waits, but not beyond the pod's end. */
  wait(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        takeBack();
        this.#stop.signal.removeEventListener("abort", done);
        resolve();
      };
      const takeBack = this.parts.clock.after(ms, done);
      this.#stop.signal.addEventListener("abort", done, { once: true });
      if (this.#stop.signal.aborted) done();
    });
  }

  async #live(): Promise<void> {
    const { spec } = this.pod;
    this.update((draft) => firstStatus(draft, this.parts.registry.now(), this.parts.hostAddress));
    if (!(await this.#volumes())) return;
    await this.#startSandbox();
    for (const container of spec.initContainers ?? []) {
      if (this.stopped.aborted) return;
      const one = this.#container(container);
      if (isSidecar(container)) {
        await one.startSidecar();
        continue;
      }
      if ((await one.runToEnd()) !== 0) {
        await this.#endSidecars(spec.terminationGracePeriodSeconds ?? 30);
        await this.#removeSandbox();
        return;
      }
    }
    if (this.stopped.aborted) return;
    await Promise.all(spec.containers.map((container) => this.#container(container).runToEnd()));
    if (this.stopped.aborted) return;
    await this.#endSidecars(spec.terminationGracePeriodSeconds ?? 30);
    this.update(() => {});
    await this.#removeSandbox();
  }

  async #volumes(): Promise<boolean> {
    while (!this.stopped.aborted) {
      const missing = makeVolumes(this.parts.registry, this.pod, this.folders);
      if (missing === undefined) return true;
      this.tell("FailedMount", missing, undefined, "Warning");
      await this.wait(500);
    }
    return false;
  }

  async #startSandbox(): Promise<void> {
    const { client, pauseImage, labels, network } = this.parts;
    const { metadata, spec } = this.pod;
    const sandbox = await client.createContainer({
      Image: pauseImage,
      Entrypoint: ["sleep"],
      Cmd: ["2147483647"],
      Hostname: metadata.name.slice(0, 63),
      Labels: { ...labels },
      HostConfig: {
        NetworkMode: network,
        ExtraHosts: (spec.hostAliases ?? []).flatMap(({ ip, hostnames = [] }) =>
          hostnames.map((host) => `${host}:${ip}`),
        ),
      },
    });
    this.#sandboxId = sandbox.id;
    await sandbox.start();
    const { NetworkSettings } = await sandbox.inspect();
    this.#podIp = NetworkSettings.Networks[network]?.IPAddress ?? "";
    this.update(({ status }) => {
      status.podIP = this.#podIp;
      status.podIPs = [{ ip: this.#podIp }];
    });
  }

  async #removeSandbox(): Promise<void> {
    if (this.#sandboxId === "") return;
    await this.parts.client
      .getContainer(this.#sandboxId)
      .remove({ force: true, v: true })
      .catch(() => {});
  }

  #container(spec: Container): DockerContainer {
    const made = new DockerContainer(this, spec);
    this.#containers.set(spec.name, made);
    return made;
  }

  async #endAll(graceSeconds: number): Promise<void> {
    const mains = this.pod.spec.containers.map(({ name }) => this.#containers.get(name));
    const inits = (this.pod.spec.initContainers ?? []).filter((one) => !isSidecar(one));
    const first = [...mains, ...inits.map(({ name }) => this.#containers.get(name))];
    await Promise.all(first.map((one) => one?.stop(graceSeconds)));
    const left = Math.max(0, (this.#deadline - this.parts.clock.monotonic()) / 1000);
    await this.#endSidecars(left);
    await this.#life;
  }

  async #endSidecars(graceSeconds: number): Promise<void> {
    for (const container of [...(this.pod.spec.initContainers ?? [])].reverse()) {
      if (isSidecar(container)) await this.#containers.get(container.name)?.stop(graceSeconds);
    }
  }

  /** Its containers have ended: now the object may go. */
  #confirmDeletion(): void {
    const { registry, isSilent } = this.parts;
    const { namespace, name, uid } = this.pod.metadata;
    this.update(() => {});
    if (this.#removed || isSilent(this.pod.spec.nodeName ?? "")) return;
    if (registry.store.get("pods", namespace, name)?.metadata.uid !== uid) return;
    registry.delete(kindOf("pods"), namespace, name, { gracePeriodSeconds: 0 });
  }
}
