import type { Clock } from "../../clock.ts";
import { ExecError } from "../../errors.ts";
import type { ServiceRequest } from "../../protocol/job-placement.ts";
import type { NoteSink } from "../executor.ts";
import { type ContainerPlan, type PlanRules, planContainer } from "./container-plan.ts";
import type { ContainerFacts, ContainerSpec, DockerEngine } from "./docker-engine.ts";
import { type JobNames, LABEL } from "./job-names.ts";
import { lastLines } from "./last-lines.ts";
import { createOwnVolumes } from "./own-volumes.ts";
import { type PortRequest, portKey } from "./parse-ports.ts";
import { ensureImage, type PullSetting } from "./pull-image.ts";
import { sleep } from "./sleep.ts";
import { splitWords } from "./split-words.ts";

export interface PlannedService {
  readonly service: ServiceRequest;
  readonly plan: ContainerPlan;
}

export interface StartedService {
  readonly service: ServiceRequest;
  readonly containerId: string;
  readonly ports: readonly PortRequest[];
  /** Host ports by container port (`6379/tcp`), where they are published. */
  readonly published: { readonly [port: string]: string };
}

export interface ServiceSetting {
  readonly engine: DockerEngine;
  readonly clock: Clock;
  readonly names: JobNames;
  readonly pull: PullSetting;
  readonly note: NoteSink;
}

/** A service without a word on its health for so long is given up. As long as any image should take to start. */
const HEALTH_LIMIT_MS = 10 * 60_000;
const LOG_LINES = 20;

/** Throws `InvalidSpec` for what cannot be read. */
export function planServices(
  services: readonly ServiceRequest[],
  rules: PlanRules,
): readonly PlannedService[] {
  return services.map((service) => {
    const { spec, ...plan } = planContainer(service, `the service '${service.id}'`, rules);
    const own: ContainerSpec = {
      ...(service.entrypoint ? { Entrypoint: splitWords(service.entrypoint) } : {}),
      ...(service.command ? { Cmd: splitWords(service.command) } : {}),
    };
    return { service, plan: { ...plan, spec: { ...spec, ...own } } };
  });
}

/** Starts one service on the job's network; resolves once it is healthy, or runs where nothing is said of its health. */
export async function startService(
  { service, plan }: PlannedService,
  network: Promise<string>,
  setting: ServiceSetting,
  signal: AbortSignal,
): Promise<StartedService> {
  const { engine, names, note, pull } = setting;
  const { id, image, credentials } = service;
  const facts = await ensureImage({ image, credentials }, pull, note, signal);
  await createOwnVolumes(engine, plan.spec.HostConfig?.Mounts ?? [], signal);
  const networkId = await network;
  const spec: ContainerSpec = {
    ...plan.spec,
    Image: facts.id,
    Labels: { ...plan.spec.Labels, ...names.labels("service", { [LABEL.request]: id }) },
    HostConfig: { ...plan.spec.HostConfig, NetworkMode: networkId },
    NetworkingConfig: { EndpointsConfig: { [networkId]: { Aliases: [id, ...plan.aliases] } } },
  };
  for (const warning of plan.warnings) note(`Service '${id}': ${warning}`);
  let containerId: string;
  try {
    containerId = await engine.createContainer(names.service(id), spec, signal);
    await engine.startContainer(containerId, signal);
  } catch (error) {
    if (!(error instanceof ExecError)) throw error;
    const message = `The service '${id}' (${image}) could not be started: ${error.message}`;
    throw new ExecError(error.code, message, { cause: error, retryable: error.retryable });
  }
  const running = await untilReady(service, containerId, setting, signal);
  return { service, containerId, ports: plan.ports, published: running.ports };
}

/** The ports of a service as steps reach it: by its own, but for those that are published. */
export function reachedBy({ ports, published }: StartedService): { readonly [port: string]: string } {
  return Object.fromEntries(
    ports.map((port) => [String(port.containerPort), published[portKey(port)] ?? String(port.containerPort)]),
  );
}

async function untilReady(
  { id, image }: ServiceRequest,
  containerId: string,
  { engine, clock, note, pull: { cancelled } }: ServiceSetting,
  signal: AbortSignal,
): Promise<ContainerFacts> {
  const waiting = cancelled === undefined ? signal : AbortSignal.any([signal, cancelled]);
  const started = clock.monotonic();
  let waitMs = 50;
  let told = false;
  for (;;) {
    const facts = await engine.inspectContainer(containerId, signal);
    if (facts === undefined)
      throw new ExecError("Transient", `The container of the service '${id}' was removed.`);
    const status = facts.health?.status;
    const elapsedMs = clock.monotonic() - started;
    if (facts.status === "running" && status === undefined) return facts;
    if (facts.status === "running" && status === "healthy") {
      note(`Service '${id}' is healthy after ${(elapsedMs / 1000).toFixed(1)} s.`);
      return facts;
    }
    const isOver = facts.status === "exited" || facts.status === "dead";
    if (isOver && status === undefined) {
      // As on GitHub the job goes on: a service may have done its work.
      note(`Service '${id}' (${image}) ended at once with exit code ${facts.exitCode}.`);
      await tellLastLines(engine, id, containerId, note, signal);
      return facts;
    }
    if (isOver || status === "unhealthy" || elapsedMs > HEALTH_LIMIT_MS) {
      await tellLastLines(engine, id, containerId, note, signal);
      throw unhealthy(id, image, facts, isOver);
    }
    if (!told) note(`Waiting for service '${id}' to be healthy …`);
    told = true;
    await sleep(clock, waitMs, waiting);
    waitMs = Math.min(2_000, Math.round(waitMs * 1.5));
  }
}

/** The user's own service does not work: that is no failure of the infrastructure, and another try would be the same. */
function unhealthy(id: string, image: string, facts: ContainerFacts, isOver: boolean): ExecError {
  const outOfMemory = facts.outOfMemory ? " It ran out of memory." : "";
  const check = facts.health?.lastOutput ? ` Its health check said: ${facts.health.lastOutput}` : "";
  const state = isOver ? `ended with exit code ${facts.exitCode} before it was healthy` : "is not healthy";
  return new ExecError("Permanent", `The service '${id}' (${image}) ${state}.${outOfMemory}${check}`);
}

async function tellLastLines(
  engine: DockerEngine,
  id: string,
  containerId: string,
  note: NoteSink,
  signal: AbortSignal,
): Promise<void> {
  const lines = await lastLines(engine, containerId, LOG_LINES, signal);
  if (lines.length === 0) return;
  note(`The last lines of service '${id}':`);
  for (const line of lines) note(`  ${line}`);
}
