/** The kubelets of all nodes, for pods without processes. */
import type { PodObject } from "../cluster-object.ts";
import type { Kubelet, LogEntry, LogQuery } from "./kubelet.ts";
import { volumeFiles } from "./mounted-file.ts";
import type { PodScript } from "./pod-script.ts";
import { SimulatedPod, type SimulationParts } from "./simulated-pod.ts";

export type PodMatch = (pod: PodObject) => boolean;

/** What a pod needs, made right after it, is mostly there by the time that a kubelet looks. */
const COMES_MS = 2_000;

export class SimulatedKubelet implements Kubelet {
  readonly #parts: SimulationParts;
  readonly #pods = new Map<string, SimulatedPod>();
  /** Logs of pods that are gone are gone; of those that ended they stay. */
  readonly #scripts: { readonly match: PodMatch; readonly script: PodScript }[] = [];
  /** Those of them that waited long enough. */
  readonly #late = new Set<string>();
  readonly #unsubscribe: () => void;
  /** Pods that wait for a Secret or ConfigMap that may be on its way, as a kubelet tries again by itself. */
  readonly #held = new Map<string, { readonly pod: PodObject; readonly takeBack: () => void }>();
  #default: PodScript;

  constructor(parts: SimulationParts, defaultScript: PodScript) {
    this.#parts = parts;
    this.#default = defaultScript;
    this.#unsubscribe = parts.registry.store.subscribe(({ resource, type, object }) => {
      if (resource === "pods") this.#see(object as PodObject, type === "DELETED");
      else if ((resource === "secrets" || resource === "configmaps") && this.#held.size > 0)
        setImmediate(() => this.#lookAgain());
    });
  }

  /** From now on pods that match live so; the last told comes first. Or all, when no match is given. */
  script(script: PodScript, match?: PodMatch): void {
    if (match === undefined) this.#default = script;
    else this.#scripts.unshift({ match, script });
  }

  evict(pod: PodObject, message: string): void {
    this.#pods.get(pod.metadata.uid)?.evict(message);
  }

  readLog(pod: PodObject, query: LogQuery, signal: AbortSignal): AsyncIterable<LogEntry> | undefined {
    if (query.previous) return undefined;
    return this.#pods.get(pod.metadata.uid)?.log(query.container)?.read(query, signal);
  }

  async close(): Promise<void> {
    this.#unsubscribe();
    for (const { takeBack } of this.#held.values()) takeBack();
    this.#held.clear();
    for (const pod of this.#pods.values()) pod.close();
    this.#pods.clear();
  }

  #see(pod: PodObject, gone: boolean): void {
    const { uid } = pod.metadata;
    const known = this.#pods.get(uid);
    if (gone) {
      this.#held.get(uid)?.takeBack();
      this.#held.delete(uid);
      known?.close();
      this.#pods.delete(uid);
      return;
    }
    if ((pod.spec.nodeName ?? "") === "") return;
    const going = pod.metadata.deletionTimestamp !== undefined;
    if (known !== undefined) {
      if (going) setImmediate(() => known.terminate(pod.metadata.deletionGracePeriodSeconds ?? 30));
      return;
    }
    if (pod.status.phase === "Succeeded" || pod.status.phase === "Failed") return;
    const script = this.#scripts.find(({ match }) => match(pod))?.script ?? this.#default;
    if (
      !going &&
      !this.#late.has(uid) &&
      this.#waitsFor(pod, script, false).length > (script.waiting ?? []).length
    ) {
      const before = this.#held.get(uid)?.takeBack;
      const late = () => {
        this.#held.delete(uid);
        this.#late.add(uid);
        this.#see(pod, false);
      };
      this.#held.set(uid, { pod, takeBack: before ?? this.#parts.clock.after(COMES_MS, late) });
      return;
    }
    this.#held.get(uid)?.takeBack();
    this.#held.delete(uid);
    const simulated = new SimulatedPod(this.#parts, pod, { ...script, waiting: this.#waitsFor(pod, script) });
    this.#pods.set(uid, simulated);
    setImmediate(() => void simulated.live());
    if (going) setImmediate(() => simulated.terminate(pod.metadata.deletionGracePeriodSeconds ?? 30));
  }

  #lookAgain(): void {
    for (const { pod } of [...this.#held.values()]) this.#see(pod, false);
  }

  /** What any kubelet would wait for by itself: a key of a Secret that is not there. */
  #waitsFor(pod: PodObject, { waiting = [] }: PodScript, tells = true): NonNullable<PodScript["waiting"]> {
    const { registry } = this.#parts;
    const found = [...waiting];
    for (const container of [...(pod.spec.initContainers ?? []), ...pod.spec.containers]) {
      for (const { valueFrom } of container.env ?? []) {
        const wanted = valueFrom?.secretKeyRef;
        if (wanted?.name === undefined || wanted.optional === true) continue;
        const secret = registry.store.get("secrets", pod.metadata.namespace, wanted.name);
        if (secret?.data?.[wanted.key] !== undefined) continue;
        found.push({
          container: container.name,
          reason: "CreateContainerConfigError",
          message:
            secret === undefined
              ? `secret "${wanted.name}" not found`
              : `couldn't find key ${wanted.key} in Secret ${pod.metadata.namespace}/${wanted.name}`,
        });
      }
    }
    const [first] = pod.spec.initContainers ?? pod.spec.containers;
    for (const volume of pod.spec.volumes ?? []) {
      if (volume.secret === undefined && volume.configMap === undefined) continue;
      if (first === undefined || volumeFiles(registry, pod.metadata.namespace ?? "", volume) !== undefined)
        continue;
      const [what, name] =
        volume.secret === undefined
          ? ["configmap", volume.configMap?.name]
          : ["secret", volume.secret.secretName];
      found.push({ container: first.name, reason: "ContainerCreating", message: "" });
      if (!tells) continue;
      this.#parts.events.tell(pod, {
        type: "Warning",
        reason: "FailedMount",
        message: `MountVolume.SetUp failed for volume "${volume.name}" : ${what} "${name}" not found`,
        component: "kubelet",
        host: pod.spec.nodeName ?? "",
      });
    }
    return found;
  }
}
