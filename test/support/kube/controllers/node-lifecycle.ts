/** Nodes come, lose their kubelet, and take their pods along: taints, then eviction after the time each pod bears. */
import type { Taint } from "kubernetes-types/core/v1.js";
import type { Clock } from "../../../../src/clock.ts";
import { kubeTime, type PodObject } from "../cluster-object.ts";
import type { NodeOptions } from "../cluster-options.ts";
import { setCondition } from "../kubelet/pod-condition.ts";
import type { Registry } from "../registry.ts";
import { kindOf } from "../resource-kind.ts";
import type { EventRecorder } from "./event-recorder.ts";
import { tolerates } from "./scheduler.ts";
import { keyOf, namesOf, WorkQueue } from "./work-queue.ts";

const ROOM = { cpu: "10000", memory: "100Ti", pods: "100000", "ephemeral-storage": "100Ti" };

export class NodeLifecycle {
  readonly #registry: Registry;
  readonly #events: EventRecorder;
  readonly #queue: WorkQueue;
  readonly #unsubscribe: () => void;
  readonly #lost = new Set<string>();

  constructor(registry: Registry, events: EventRecorder, clock: Clock) {
    this.#registry = registry;
    this.#events = events;
    this.#queue = new WorkQueue(clock, (key) => this.#evictTainted(key));
    this.#unsubscribe = registry.store.subscribe(({ resource, object, type }) => {
      if (resource === "pods" && type !== "DELETED") {
        const node = (object as PodObject).spec.nodeName ?? "";
        if (node !== "" && this.#noExecute(node).length > 0) {
          this.#queue.add(keyOf(object.metadata.namespace, object.metadata.name));
        }
      }
      if (resource === "nodes" && this.#noExecute(object.metadata.name).length > 0) {
        for (const pod of registry.store.values("pods")) {
          if (pod.spec.nodeName === object.metadata.name) {
            this.#queue.add(keyOf(pod.metadata.namespace, pod.metadata.name));
          }
        }
      }
    });
  }

  close(): void {
    this.#unsubscribe();
    this.#queue.close();
  }

  /** No kubelet acts for this node's pods: it is lost, or its network is. */
  isLost(node: string): boolean {
    return this.#lost.has(node);
  }

  add({ name, capacity = {}, labels = {}, taints = [] }: NodeOptions): void {
    const room = { ...ROOM, ...capacity };
    const now = kubeTime(this.#registry.now());
    this.#registry.create(kindOf("nodes"), undefined, {
      metadata: { name, labels: { "kubernetes.io/hostname": name, "kubernetes.io/os": "linux", ...labels } },
      spec: { ...(taints.length === 0 ? {} : { taints }) },
      status: {
        capacity: room,
        allocatable: room,
        addresses: [{ type: "InternalIP", address: "127.0.0.1" }],
        nodeInfo: { kubeletVersion: "v1.36.0", architecture: "amd64", operatingSystem: "linux" },
        conditions: [
          {
            type: "Ready",
            status: "True",
            reason: "KubeletReady",
            message: "kubelet is posting ready status",
            lastTransitionTime: now,
          },
        ],
      },
    });
  }

  /** The node's kubelet falls silent; its pods are evicted when their tolerations run out (300 s where they say nothing). */
  notReady(name: string): void {
    this.#lost.add(name);
    this.#mark(name, "Unknown", "NodeStatusUnknown", "Kubelet stopped posting node status.", [
      { key: "node.kubernetes.io/unreachable", effect: "NoSchedule" },
      { key: "node.kubernetes.io/unreachable", effect: "NoExecute" },
    ]);
    for (const pod of this.#registry.store.list("pods")) {
      if (pod.spec.nodeName !== name) continue;
      this.#registry.modify("pods", pod.metadata.namespace, pod.metadata.name, (draft) => {
        setCondition(draft, this.#registry.now(), { type: "Ready", status: "False", reason: "NodeNotReady" });
      });
      this.#events.tell(pod, {
        type: "Warning",
        reason: "NodeNotReady",
        message: "Node is not ready",
        component: "node-controller",
      });
    }
  }

  ready(name: string): void {
    this.#lost.delete(name);
    this.#mark(name, "True", "KubeletReady", "kubelet is posting ready status", []);
  }

  /** The machine is gone for good, and its object: pods on it are deleted, and forgotten without a kubelet's word. */
  remove(name: string): void {
    this.#lost.add(name);
    this.#registry.delete(kindOf("nodes"), undefined, name);
    for (const pod of this.#registry.store.list("pods")) {
      if (pod.spec.nodeName !== name) continue;
      const { namespace, name: podName } = pod.metadata;
      this.#disrupt(pod, "DeletionByPodGC", "PodGC: node no longer exists");
      this.#registry.modify("pods", namespace, podName, ({ status }) => {
        if (status.phase !== "Succeeded" && status.phase !== "Failed") status.phase = "Failed";
      });
      this.#registry.delete(kindOf("pods"), namespace, podName, { gracePeriodSeconds: 0 });
    }
  }

  /** A pod of higher priority needs the room: as the scheduler ends its victims. */
  preempt(namespace: string, podName: string, by = "important"): void {
    const pod = this.#registry.require("pods", namespace, podName);
    this.#disrupt(
      pod,
      "PreemptionByScheduler",
      "default-scheduler: preempting to accommodate a higher priority pod",
    );
    this.#events.tell(pod, {
      reason: "Preempted",
      message: `Preempted by pod ${by} on node ${pod.spec.nodeName ?? ""}`,
      component: "default-scheduler",
    });
    this.#registry.delete(kindOf("pods"), namespace, podName);
  }

  #disrupt(pod: PodObject, reason: string, message: string): void {
    this.#registry.modify("pods", pod.metadata.namespace, pod.metadata.name, (draft) => {
      setCondition(draft, this.#registry.now(), {
        type: "DisruptionTarget",
        status: "True",
        reason,
        message,
      });
    });
  }

  #mark(name: string, status: string, reason: string, message: string, taints: readonly Taint[]): void {
    this.#registry.modify("nodes", undefined, name, (draft) => {
      const others = (draft.spec.taints ?? []).filter(({ key }) => key !== "node.kubernetes.io/unreachable");
      const now = kubeTime(this.#registry.now());
      draft.spec.taints = [...others, ...taints.map((taint) => ({ ...taint, timeAdded: now }))];
      draft.status.conditions = [{ type: "Ready", status, reason, message, lastTransitionTime: now }];
    });
  }

  #noExecute(node: string): Taint[] {
    const taints = this.#registry.store.get("nodes", undefined, node)?.spec.taints ?? [];
    return taints.filter(({ effect }) => effect === "NoExecute");
  }

  #evictTainted(key: string): void {
    const [namespace, name] = namesOf(key);
    const pod = this.#registry.store.get("pods", namespace, name);
    if (pod === undefined || pod.metadata.deletionTimestamp !== undefined) return;
    let leftMs = Number.POSITIVE_INFINITY;
    for (const taint of this.#noExecute(pod.spec.nodeName ?? "")) {
      const toleration = tolerates(pod, taint);
      const seconds = toleration === undefined ? 0 : toleration.tolerationSeconds;
      if (seconds === undefined) continue;
      const since =
        taint.timeAdded === undefined ? this.#registry.now() : Date.parse(String(taint.timeAdded));
      leftMs = Math.min(leftMs, since + seconds * 1000 - this.#registry.now());
    }
    if (leftMs === Number.POSITIVE_INFINITY) return;
    if (leftMs > 0) {
      this.#queue.addAfter(key, leftMs + 1);
      return;
    }
    this.#events.tell(pod, {
      reason: "TaintManagerEviction",
      message: `Marking for deletion Pod ${namespace}/${name}`,
      component: "taint-eviction-controller",
    });
    this.#disrupt(pod, "DeletionByTaintManager", "Taint manager: deleting due to NoExecute taint");
    this.#registry.delete(kindOf("pods"), namespace, name);
  }
}
