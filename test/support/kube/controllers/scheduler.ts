/** Binds pods to nodes that have room and whose taints they bear; tells why none has, in the scheduler's words. */
import type { Taint, Toleration } from "kubernetes-types/core/v1.js";
import type { Clock } from "../../../../src/clock.ts";
import type { NodeObject, PodObject } from "../cluster-object.ts";
import { setCondition } from "../kubelet/pod-condition.ts";
import type { Registry } from "../registry.ts";
import type { EventRecorder } from "./event-recorder.ts";
import { podResources } from "./pod-resources.ts";
import { type Amounts, added, amounts } from "./quantity.ts";
import { keyOf, namesOf, WorkQueue } from "./work-queue.ts";

export class Scheduler {
  readonly #registry: Registry;
  readonly #events: EventRecorder;
  readonly #queue: WorkQueue;
  readonly #unsubscribe: () => void;
  /** What the pods of each node ask for, kept up to date, as looking each time is too slow for thousands. */
  readonly #used = new Map<string, Amounts>();
  readonly #counted = new Map<string, { readonly node: string; readonly asked: Amounts }>();
  readonly #pending = new Set<string>();
  #paused = false;

  constructor(registry: Registry, events: EventRecorder, clock: Clock) {
    this.#registry = registry;
    this.#events = events;
    this.#queue = new WorkQueue(clock, (key) => this.#schedule(key));
    this.#unsubscribe = registry.store.subscribe(({ resource, type, object }) => {
      if (resource === "pods") this.#seePod(object as PodObject, type === "DELETED");
      if (resource === "nodes") this.#retry();
    });
  }

  /** Pods stay pending, without a word, until `resume`. */
  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    this.#retry();
  }

  close(): void {
    this.#unsubscribe();
    this.#queue.close();
  }

  #retry(): void {
    for (const key of this.#pending) this.#queue.add(key);
  }

  #seePod(pod: PodObject, gone: boolean): void {
    const key = keyOf(pod.metadata.namespace, pod.metadata.name);
    const { nodeName = "" } = pod.spec;
    const over = gone || pod.status.phase === "Succeeded" || pod.status.phase === "Failed";
    const counted = this.#counted.get(pod.metadata.uid);
    if (over && counted !== undefined) {
      this.#counted.delete(pod.metadata.uid);
      const negative = Object.fromEntries(Object.entries(counted.asked).map(([name, n]) => [name, -n]));
      this.#used.set(counted.node, added(this.#used.get(counted.node) ?? {}, negative));
      this.#retry();
    } else if (!over && nodeName !== "" && counted === undefined) {
      const asked = { ...podResources(pod.spec, "requests"), pods: 1 };
      this.#counted.set(pod.metadata.uid, { node: nodeName, asked });
      this.#used.set(nodeName, added(this.#used.get(nodeName) ?? {}, asked));
    }
    if (nodeName === "" && !over && pod.metadata.deletionTimestamp === undefined) {
      if (this.#pending.has(key)) return;
      this.#pending.add(key);
      this.#queue.add(key);
    } else this.#pending.delete(key);
  }

  #schedule(key: string): void {
    const [namespace, name] = namesOf(key);
    const pod = this.#registry.store.get("pods", namespace, name);
    if (this.#paused || pod === undefined || (pod.spec.nodeName ?? "") !== "") return;
    if ((pod.spec.schedulerName ?? "default-scheduler") !== "default-scheduler") return;
    if ((pod.spec.schedulingGates ?? []).length > 0) return;
    const nodes = this.#registry.store.list("nodes");
    const reasons = new Map<string, number>();
    let chosen: NodeObject | undefined;
    for (const node of nodes) {
      const why = this.#misfits(pod, node);
      if (why.length === 0) {
        if (chosen === undefined || this.#load(node) < this.#load(chosen)) chosen = node;
      }
      for (const reason of why) reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
    }
    const now = this.#registry.now();
    if (chosen === undefined) {
      const listed = [...reasons]
        .map(([reason, count]) => `${count} ${reason}`)
        .sort()
        .join(", ");
      const message =
        nodes.length === 0
          ? "no nodes available to schedule pods"
          : `0/${nodes.length} nodes are available: ${listed}. preemption: 0/${nodes.length} nodes are available: ${nodes.length} Preemption is not helpful for scheduling.`;
      this.#registry.modify("pods", namespace, name, (draft) => {
        setCondition(draft, now, { type: "PodScheduled", status: "False", reason: "Unschedulable", message });
      });
      this.#events.tell(pod, {
        type: "Warning",
        reason: "FailedScheduling",
        message,
        component: "default-scheduler",
      });
      return;
    }
    const node = chosen.metadata.name;
    this.#registry.modify("pods", namespace, name, (draft) => {
      draft.spec.nodeName = node;
      setCondition(draft, now, { type: "PodScheduled", status: "True" });
    });
    this.#events.tell(pod, {
      reason: "Scheduled",
      message: `Successfully assigned ${namespace}/${name} to ${node}`,
      component: "default-scheduler",
    });
  }

  #load(node: NodeObject): number {
    return this.#used.get(node.metadata.name)?.pods ?? 0;
  }

  #misfits(pod: PodObject, node: NodeObject): string[] {
    if (pod.spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution !== undefined) {
      const terms =
        pod.spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms;
      const fits = terms.some(({ matchExpressions = [] }) =>
        matchExpressions.every(({ key, operator, values = [] }) => {
          const label = node.metadata.labels?.[key];
          if (operator === "In") return label !== undefined && values.includes(label);
          if (operator === "NotIn") return label === undefined || !values.includes(label);
          if (operator === "Exists") return label !== undefined;
          return label === undefined;
        }),
      );
      if (!fits) return ["node(s) didn't match Pod's node affinity/selector"];
    }
    const labels = node.metadata.labels ?? {};
    if (Object.entries(pod.spec.nodeSelector ?? {}).some(([key, value]) => labels[key] !== value)) {
      return ["node(s) didn't match Pod's node affinity/selector"];
    }
    if (node.spec.unschedulable === true && !tolerates(pod, UNSCHEDULABLE))
      return ["node(s) were unschedulable"];
    const taint = (node.spec.taints ?? []).find(
      (one) => one.effect !== "PreferNoSchedule" && !tolerates(pod, one),
    );
    if (taint !== undefined) return [`node(s) had untolerated taint(s)`];
    const room = amounts(node.status.allocatable);
    const used = this.#used.get(node.metadata.name) ?? {};
    const asked: Amounts = { ...podResources(pod.spec, "requests"), pods: 1 };
    return Object.entries(asked)
      .filter(
        ([resource, amount]) => amount > 0 && (used[resource] ?? 0) + amount > (room[resource] ?? 0) + 1e-9,
      )
      .map(([resource]) => (resource === "pods" ? "Too many pods" : `Insufficient ${resource}`));
  }
}

const UNSCHEDULABLE: Taint = { key: "node.kubernetes.io/unschedulable", effect: "NoSchedule" };

export function tolerates(pod: PodObject, taint: Taint): Toleration | undefined {
  return (pod.spec.tolerations ?? []).find(
    (one) =>
      (one.effect === undefined || one.effect === taint.effect) &&
      (one.key === undefined || one.key === "" || one.key === taint.key) &&
      (one.operator === "Exists" || (one.value ?? "") === (taint.value ?? "")),
  );
}
