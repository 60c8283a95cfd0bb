/** One pod without processes, from its binding to its end, as its script says. */
import { createHash } from "node:crypto";
import type { Container } from "kubernetes-types/core/v1.js";
import type { Clock } from "../../../../src/clock.ts";
import { kubeTime, type PodObject } from "../cluster-object.ts";
import type { EventRecorder, NewEvent } from "../controllers/event-recorder.ts";
import type { Registry } from "../registry.ts";
import { kindOf } from "../resource-kind.ts";
import { ContainerLog } from "./container-log.ts";
import { readMountedFile } from "./mounted-file.ts";
import type { PodEnd, PodScript, WaitingScript } from "./pod-script.ts";
import { firstStatus, isSidecar, settle, statusOf } from "./pod-states.ts";

export interface SimulationParts {
  readonly registry: Registry;
  readonly events: EventRecorder;
  readonly clock: Clock;
  /** The node's kubelet has been lost: what happens is told to nobody. */
  readonly isSilent: (node: string) => boolean;
  readonly logMaxBytes: () => number;
  readonly podIp: () => string;
}

export class SimulatedPod {
  readonly #parts: SimulationParts;
  readonly #script: PodScript;
  readonly #namespace: string;
  readonly #name: string;
  readonly #uid: string;
  readonly #pod: PodObject;
  readonly #stop = new AbortController();
  readonly #logs = new Map<string, ContainerLog>();
  readonly #timers = new Set<() => void>();
  #over = false;
  #started = false;
  #stopping = false;

  constructor(parts: SimulationParts, pod: PodObject, script: PodScript) {
    this.#parts = parts;
    this.#script = script;
    this.#pod = pod;
    this.#namespace = pod.metadata.namespace ?? "";
    this.#name = pod.metadata.name;
    this.#uid = pod.metadata.uid;
  }

  log(container: string): ContainerLog | undefined {
    return this.#logs.get(container);
  }

  /** Goes through its life; resolves when all containers have ended, or it was closed. */
  async live(): Promise<void> {
    const { creatingAfterMs = 0, startAfterMs = 0 } = this.#script;
    await this.#wait(creatingAfterMs);
    this.#update((draft) => firstStatus(draft, this.#now(), "127.0.0.1"));
    await this.#wait(startAfterMs);
    for (const container of this.#pod.spec.initContainers ?? []) {
      if (this.#over) return;
      if (!(await this.#init(container))) return;
    }
    for (const container of this.#pod.spec.containers) if (!(await this.#mayStart(container))) return;
    if (this.#over) return;
    this.#startMains();
    await this.#mainLife();
  }

  /** SIGTERM: the pod was deleted; it is gone when its containers have ended. */
  terminate(graceSeconds: number): void {
    if (this.#stopping) return;
    this.#stopping = true;
    this.#stop.abort();
    if (this.#started) {
      for (const container of this.#pod.spec.containers) {
        this.#tell("Killing", `Stopping container ${container.name}`, container.name);
      }
    }
    const { stopMs = 0 } = this.#script;
    const limit = graceSeconds * 1000;
    const hooked = this.#script.run !== undefined && this.#started;
    // A hook has until the grace is over; everything else takes the time its script says.
    this.#after(hooked ? limit : Math.min(stopMs, limit), () => {
      this.#end({ exitCode: hooked || stopMs > limit ? 137 : 143, reason: "Error" });
    });
  }

  /** The pod's end by the kubelet's own will: it stays, as Failed. */
  evict(message: string): void {
    this.#update((draft) => {
      draft.status.phase = "Failed";
      draft.status.reason = "Evicted";
      draft.status.message = message;
    });
    this.#tell("Evicted", message, undefined, "Warning");
    this.#stop.abort();
    this.#end({ exitCode: 137, reason: "Error" });
  }

  /** Forgets it without a word. */
  close(): void {
    this.#over = true;
    this.#stop.abort();
    for (const takeBack of this.#timers) takeBack();
    this.#timers.clear();
    for (const log of this.#logs.values()) log.end();
  }

  async #init(container: Container): Promise<boolean> {
    if (!(await this.#mayStart(container))) return false;
    const { runMs = 0, exitCode = 0, reason, message, log } = this.#script.init?.[container.name] ?? {};
    this.#startContainer(container, log);
    if (isSidecar(container)) return true;
    await this.#wait(runMs);
    if (this.#over) return false;
    this.#update((draft) => {
      this.#endContainer(draft, container.name, {
        exitCode,
        ...(reason === undefined ? {} : { reason }),
        ...(message === undefined ? {} : { terminationMessage: message }),
      });
      if (exitCode !== 0) this.#endSidecars(draft);
      settle(draft, this.#now());
    });
    if (exitCode === 0) return true;
    this.close();
    return false;
  }

  /** Waits where the script says that it cannot start (yet). */
  async #mayStart(container: Container): Promise<boolean> {
    for (const script of this.#script.waiting ?? []) {
      if (script.container !== container.name) continue;
      this.#tellWaiting(container, script);
      if (script.next !== undefined) {
        await this.#wait(script.nextAfterMs ?? 0);
        if (this.#over || this.#stopping) return false;
        this.#tellWaiting(container, { ...script, ...script.next });
      }
      if (script.untilMs === undefined) return false;
      await this.#wait(script.untilMs);
    }
    return !this.#over && !this.#stopping;
  }

  #tellWaiting(container: Container, { reason, message }: WaitingScript): void {
    this.#update((draft) => {
      statusOf(draft, container.name).state = { waiting: { reason, message } };
      settle(draft, this.#now());
    });
    const pull = reason === "ErrImagePull" || reason === "ImagePullBackOff";
    if (reason === "ErrImagePull") {
      this.#tell(
        "Failed",
        `Failed to pull image "${container.image}": ${message}`,
        container.name,
        "Warning",
      );
      this.#tell("Failed", "Error: ErrImagePull", container.name, "Warning");
    } else if (reason === "ImagePullBackOff") {
      this.#tell("BackOff", `Back-off pulling image "${container.image}"`, container.name);
      this.#tell("Failed", "Error: ImagePullBackOff", container.name, "Warning");
    } else this.#tell(pull ? "BackOff" : "Failed", `Error: ${message}`, container.name, "Warning");
  }

  #startMains(): void {
    this.#started = true;
    for (const container of this.#pod.spec.containers) this.#openLog(container, this.#script.log);
    this.#update((draft) => {
      draft.status.podIP ??= this.#parts.podIp();
      draft.status.podIPs = [{ ip: draft.status.podIP }];
      for (const container of this.#pod.spec.containers) this.#runningStatus(draft, container);
      settle(draft, this.#now());
    });
    for (const container of this.#pod.spec.containers) this.#tellStarted(container);
  }

  #startContainer(container: Container, log: string | undefined): void {
    this.#openLog(container, log);
    this.#update((draft) => {
      draft.status.podIP ??= this.#parts.podIp();
      this.#runningStatus(draft, container);
      settle(draft, this.#now());
    });
    this.#tellStarted(container);
  }

  #tellStarted(container: Container): void {
    this.#tell(
      "Pulled",
      `Container image "${container.image}" already present on machine and can be accessed by the pod`,
      container.name,
    );
    this.#tell("Created", `Container created`, container.name);
    this.#tell("Started", `Container started`, container.name);
  }

  #openLog(container: Container, text: string | undefined): void {
    const log = new ContainerLog(() => this.#now(), this.#parts.logMaxBytes());
    if (text !== undefined) log.append(text);
    this.#logs.set(container.name, log);
  }

  #runningStatus(draft: PodObject, container: Container): void {
    const id = createHash("sha256").update(`${this.#uid}/${container.name}`).digest("hex");
    Object.assign(statusOf(draft, container.name), {
      state: { running: { startedAt: kubeTime(this.#now()) } },
      ready: true,
      started: true,
      imageID: `docker.io/library/${container.image}@sha256:${id}`,
      containerID: `containerd://${id}`,
    });
  }

  async #mainLife(): Promise<void> {
    const {
      run,
      runMs = 0,
      exitCode = 0,
      exitReason,
      terminationMessage,
      evictAfterMs,
      evictMessage,
    } = this.#script;
    if (evictAfterMs !== undefined) {
      this.#after(evictAfterMs, () => this.evict(evictMessage ?? "The node was low on resource: memory."));
    }
    if (run !== undefined) {
      const end = await this.#runHook(run);
      this.#end(end);
      return;
    }
    if (runMs === "never") return;
    await this.#wait(runMs);
    if (this.#stopping) return;
    this.#end({
      exitCode: exitReason === "OOMKilled" && exitCode === 0 ? 137 : exitCode,
      ...(exitReason === undefined ? {} : { reason: exitReason }),
      ...(terminationMessage === undefined ? {} : { terminationMessage }),
    });
  }

  async #runHook(run: NonNullable<PodScript["run"]>): Promise<PodEnd> {
    const { registry } = this.#parts;
    const first = this.#pod.spec.containers[0]?.name ?? "";
    try {
      return await run({
        pod: registry.store.get("pods", this.#namespace, this.#name) ?? this.#pod,
        signal: this.#stop.signal,
        log: (text, container = first) => this.#logs.get(container)?.append(text),
        readFile: (path, container = first) => readMountedFile(registry, this.#pod, container, path),
      });
    } catch (error) {
      this.#logs.get(first)?.append(`${String(error)}\n`);
      return { exitCode: 70 };
    }
  }

  #end(end: PodEnd): void {
    if (this.#over) return;
    this.#update((draft) => {
      if (draft.status.containerStatuses === undefined) return;
      for (const { name } of this.#pod.spec.containers) this.#endContainer(draft, name, end);
      this.#endSidecars(draft);
      settle(draft, this.#now());
    });
    this.close();
    const { registry, isSilent } = this.#parts;
    const current = registry.store.get("pods", this.#namespace, this.#name);
    if (current?.metadata.uid !== this.#uid || current.metadata.deletionTimestamp === undefined) return;
    if (!isSilent(this.#pod.spec.nodeName ?? "")) {
      registry.delete(kindOf("pods"), this.#namespace, this.#name, { gracePeriodSeconds: 0 });
    }
  }

  /** Sidecars end with the pod, one after another, by SIGTERM. */
  #endSidecars(draft: PodObject): void {
    for (const container of this.#pod.spec.initContainers ?? []) {
      if (isSidecar(container)) this.#endContainer(draft, container.name, { exitCode: 0 });
    }
  }

  #endContainer(draft: PodObject, container: string, { exitCode, reason, terminationMessage }: PodEnd): void {
    const status = statusOf(draft, container);
    if (status.state?.terminated !== undefined) return;
    const startedAt = status.state?.running?.startedAt;
    if (startedAt === undefined && !this.#stopping) return;
    this.#logs.get(container)?.end();
    status.ready = false;
    status.started = false;
    const at = kubeTime(this.#now());
    status.state = {
      terminated: {
        exitCode,
        reason: reason ?? (exitCode === 0 ? "Completed" : "Error"),
        startedAt: startedAt ?? at,
        finishedAt: at,
        ...(terminationMessage === undefined ? {} : { message: terminationMessage }),
        ...(status.containerID === undefined ? {} : { containerID: status.containerID }),
      },
    };
  }

  #update(change: (draft: PodObject) => void): void {
    const { registry, isSilent } = this.#parts;
    if (this.#over || isSilent(this.#pod.spec.nodeName ?? "")) return;
    if (registry.store.get("pods", this.#namespace, this.#name)?.metadata.uid !== this.#uid) return;
    registry.modify("pods", this.#namespace, this.#name, change);
  }

  #tell(reason: string, message: string, container?: string, type: NewEvent["type"] = "Normal"): void {
    if (this.#over || this.#parts.isSilent(this.#pod.spec.nodeName ?? "")) return;
    const init = this.#pod.spec.initContainers?.some(({ name }) => name === container) === true;
    this.#parts.events.tell(this.#pod, {
      type,
      reason,
      message,
      component: "kubelet",
      host: this.#pod.spec.nodeName ?? "",
      ...(container === undefined
        ? {}
        : { fieldPath: `spec.${init ? "initContainers" : "containers"}{${container}}` }),
    });
  }

  #now(): number {
    return this.#parts.registry.now();
  }

  #wait(ms: number): Promise<void> {
    return ms <= 0 ? Promise.resolve() : new Promise((resolve) => this.#after(ms, resolve));
  }

  #after(ms: number, callback: () => void): void {
    const takeBack = this.#parts.clock.after(ms, () => {
      this.#timers.delete(takeBack);
      callback();
    });
    this.#timers.add(takeBack);
  }
}
