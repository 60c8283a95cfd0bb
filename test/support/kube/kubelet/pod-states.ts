/** The status of a pod from the states of its containers, as the kubelet makes it. */
import type { Container, ContainerState, ContainerStatus } from "kubernetes-types/core/v1.js";
import { kubeTime, type PodObject } from "../cluster-object.ts";
import { setCondition } from "./pod-condition.ts";

export function isSidecar(container: Container): boolean {
  return (container as { restartPolicy?: string }).restartPolicy === "Always";
}

/** Every container waits; what a kubelet writes first. */
export function firstStatus(draft: PodObject, nowMs: number, hostIp: string): void {
  const { spec, status } = draft;
  const inits = spec.initContainers ?? [];
  const waiting = (reason: string) => (container: Container) => newStatus(container, { waiting: { reason } });
  if (inits.length > 0) status.initContainerStatuses = inits.map(waiting("PodInitializing"));
  status.containerStatuses = spec.containers.map(
    waiting(inits.length > 0 ? "PodInitializing" : "ContainerCreating"),
  );
  status.phase = "Pending";
  status.startTime = kubeTime(nowMs);
  status.hostIP = hostIp;
  status.qosClass = qosClass(draft);
  settle(draft, nowMs);
}

function newStatus(container: Container, state: ContainerState): ContainerStatus {
  return {
    name: container.name,
    image: container.image ?? "",
    imageID: "",
    ready: false,
    started: false,
    restartCount: 0,
    state,
    lastState: {},
  };
}

export function statusOf(draft: PodObject, container: string): ContainerStatus {
  const all = [...(draft.status.initContainerStatuses ?? []), ...(draft.status.containerStatuses ?? [])];
  const found = all.find(({ name }) => name === container);
  if (found === undefined) throw new Error(`The pod has no status of a container ${container}`);
  return found;
}

/** Conditions and phase from what the containers are. A pod that has ended stays so. */
export function settle(draft: PodObject, nowMs: number): void {
  const { spec, status } = draft;
  const inits = spec.initContainers ?? [];
  const initStates = (status.initContainerStatuses ?? []).map((one, at) => ({
    one,
    sidecar: inits[at] !== undefined && isSidecar(inits[at]),
  }));
  const initialized = initStates.every(({ one, sidecar }) =>
    sidecar
      ? one.started === true || one.state?.terminated !== undefined
      : one.state?.terminated?.exitCode === 0,
  );
  const mains = status.containerStatuses ?? [];
  const sidecarsReady = initStates.every(({ one, sidecar }) => !sidecar || one.ready);
  const allReady = mains.length > 0 && mains.every(({ ready }) => ready) && sidecarsReady;
  if (status.phase !== "Succeeded" && status.phase !== "Failed") {
    const exits = mains.map(({ state }) => state?.terminated?.exitCode);
    const initFailed = initStates.some(
      ({ one, sidecar }) => !sidecar && (one.state?.terminated?.exitCode ?? 0) !== 0,
    );
    const allEnded = exits.length > 0 && exits.every((code) => code !== undefined);
    const sidecarsEnded = initStates.every(
      ({ one, sidecar }) => !sidecar || one.state?.running === undefined,
    );
    if (spec.restartPolicy !== "Always" && initFailed) status.phase = "Failed";
    else if (allEnded && sidecarsEnded)
      status.phase = exits.every((code) => code === 0) ? "Succeeded" : "Failed";
    else if (mains.some(({ state }) => state?.running !== undefined || state?.terminated !== undefined)) {
      status.phase = "Running";
    } else status.phase = "Pending";
  }
  const over = status.phase === "Succeeded" || status.phase === "Failed";
  const completed = status.phase === "Succeeded" ? { reason: "PodCompleted" } : {};
  const unready = mains.filter(({ ready }) => !ready).map(({ name }) => name);
  const why = over
    ? status.phase === "Failed"
      ? { reason: "PodFailed" }
      : completed
    : { reason: "ContainersNotReady", message: `containers with unready status: [${unready.join(" ")}]` };
  setCondition(draft, nowMs, { type: "PodReadyToStartContainers", status: over ? "False" : "True" });
  setCondition(draft, nowMs, {
    type: "Initialized",
    status: initialized ? "True" : "False",
    ...(initialized
      ? completed
      : {
          reason: "ContainersNotInitialized",
          message: `containers with incomplete status: [${initStates
            .filter(({ one, sidecar }) =>
              sidecar ? one.started !== true : one.state?.terminated?.exitCode !== 0,
            )
            .map(({ one }) => one.name)
            .join(" ")}]`,
        }),
  });
  for (const type of ["Ready", "ContainersReady"]) {
    setCondition(draft, nowMs, {
      type,
      status: allReady && !over ? "True" : "False",
      ...(allReady && !over ? {} : why),
    });
  }
}

function qosClass({ spec }: PodObject): string {
  const resources = spec.containers.map((one) => one.resources ?? {});
  if (resources.every(({ requests, limits }) => requests === undefined && limits === undefined))
    return "BestEffort";
  const guaranteed = resources.every(({ requests, limits }) =>
    ["cpu", "memory"].every((name) => {
      const limit = limits?.[name];
      return limit !== undefined && (requests?.[name] ?? limit) === limit;
    }),
  );
  return guaranteed ? "Guaranteed" : "Burstable";
}
