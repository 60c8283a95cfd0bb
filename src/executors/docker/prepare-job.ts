import { join } from "node:path";
import { ExecError } from "../../errors.ts";
import type { JobContainers, JobRequest } from "../../protocol/job-request.ts";
import { containerRequest, workspaceOf } from "../container/container-request.ts";
import type { NoteSink } from "../executor.ts";
import { firstProcess } from "../kit/first-process.ts";
import { JOB_PATHS, KIT, STEP_WORKSPACE } from "../kit/kit-layout.ts";
import { allOrNone } from "./all-or-none.ts";
import type { Attached, ContainerSpec, DockerEngine, ImageFacts, Labels } from "./docker-engine.ts";
import type { PlacedJob, PrepareSignals } from "./docker-job.ts";
import type { DockerPlace } from "./docker-settings.ts";
import { openFolders, ownFolders } from "./job-folders.ts";
import { jobForwards } from "./job-forwards.ts";
import { type JobMounts, jobMounts } from "./job-mounts.ts";
import { type JobNames, LABEL } from "./job-names.ts";
import { ensureJobNetwork } from "./job-network.ts";
import { loopbackPorts } from "./loopback-ports.ts";
import { createOwnVolumes } from "./own-volumes.ts";
import type { JobPlan } from "./plan-job.ts";
import { ensureImage } from "./pull-image.ts";
import { pullSetting } from "./pull-setting.ts";
import { reachedBy, type StartedService, startService } from "./service-containers.ts";
import { socketFolderName } from "./socket-folder-name.ts";

/**
 * Makes everything a job needs: images, its network, its services until they are healthy, its container. What it made when
 * it throws is for the caller to remove, by label; nothing is being made any more then.
 */
export async function prepareJob(
  request: JobRequest,
  plan: JobPlan,
  names: JobNames,
  place: DockerPlace,
  note: NoteSink,
  { signal, cancelled }: PrepareSignals,
): Promise<PlacedJob> {
  const { engine, clock, settings, kit } = place;
  const pull = { ...pullSetting(place), cancelled };
  const hostPorts = loopbackPorts(request);
  const socketFolder = join(settings.socketFolder, socketFolderName(names));
  for (const warning of plan.job.warnings) note(warning);

  const network = Promise.withResolvers<string>();
  network.promise.catch(() => {});
  const mounted = Promise.withResolvers<JobMounts>();
  const services: (StartedService | undefined)[] = plan.services.map(() => undefined);
  let container = "";
  await allOrNone<unknown>(signal, [
    async (stop) => {
      stop.addEventListener("abort", () => network.reject(stop.reason), { once: true });
      network.resolve(await networkOf(plan, names, place, stop));
    },
    // Asked once in a process, and wanted at the end.
    async (stop) => void (await engine.info(stop)),
    ...plan.services.map((service, index) => async (stop: AbortSignal) => {
      services[index] = await startService(
        service,
        network.promise,
        { engine, clock, names, pull, note },
        stop,
      );
    }),
    async (stop) => {
      const { image, credentials } = plan.container;
      const [facts, kitPlace] = await Promise.all([
        ensureImage({ image, credentials }, pull, note, stop),
        kit(),
      ]);
      const mounts = jobMounts(request, {
        names,
        kit: kitPlace,
        hostFolders: settings.mode === "bind",
        socketFolder: hostPorts.length === 0 ? undefined : socketFolder,
      });
      mounted.resolve(mounts);
      await createOwnVolumes(engine, [...mounts.job, ...(plan.job.spec.HostConfig?.Mounts ?? [])], stop);
      const user = plan.job.spec.User ?? facts.user;
      openFolders([...mounts.folders, ...(hostPorts.length === 0 ? [] : [socketFolder])], !isRoot(user));
      const labels = {
        [LABEL.name]: request.displayName,
        [LABEL.image]: image,
        [LABEL.workspace]: workspaceOf(request),
        [LABEL.hostPorts]: hostPorts.join(","),
      };
      const spec = jobSpec(plan, facts, mounts, names, await network.promise, settings.outlives, labels);
      container = await engine.createContainer(names.job, spec, stop);
      if (isRoot(user)) return;
      // Nothing is copied into a container whose root is read-only: one with the same volumes takes it.
      const sealed = spec.HostConfig?.ReadonlyRootfs === true;
      const target = sealed ? await createForFolders(facts, mounts, names, engine, stop) : container;
      await ownFolders(engine, target, folderPaths(request, settings.mode), stop);
      if (sealed) await engine.removeContainer(target);
    },
  ]);

  const mounts = await mounted.promise;
  const networkId = await network.promise;
  const started = services.filter((service) => service !== undefined);
  const { containers, forwards } = containersOf(plan, started, container, networkId, hostPorts, note);
  const info = await engine.info(signal);
  const told = containerRequest(request, {
    arch: info.arch === "arm64" || info.arch === "aarch64" ? "ARM64" : "X64",
    containers,
    forwards,
    seenAt: mounts.seenAt,
    ...(settings.runnerName === undefined ? {} : { runnerName: settings.runnerName }),
    ...(settings.mode === "bind" && request.workspaceOwner !== undefined
      ? { workspaceOwner: request.workspaceOwner }
      : {}),
  });
  return {
    container,
    mounts: mounts.job,
    workspace: workspaceOf(request),
    hostPorts,
    begin: {
      request: told,
      start: async (stop) => await attachAndStart(place, container, stop),
    },
  };
}

async function attachAndStart(
  { engine }: DockerPlace,
  container: string,
  signal: AbortSignal,
): Promise<Attached> {
  const attached = await engine.attach(container, { output: true });
  try {
    await engine.startContainer(container, signal);
    return attached;
  } catch (error) {
    attached.close();
    if (!(error instanceof ExecError)) throw error;
    throw new ExecError(error.code, `The job's container could not be started: ${error.message}`, {
      cause: error,
      retryable: error.retryable,
    });
  }
}

function jobSpec(
  { job: { spec, aliases } }: JobPlan,
  image: ImageFacts,
  mounts: JobMounts,
  names: JobNames,
  network: string,
  outlives: boolean,
  labels: Labels,
): ContainerSpec {
  const { HostConfig: host = {}, WorkingDir = "/" } = spec;
  return {
    ...spec,
    Image: image.id,
    Entrypoint: firstProcess(KIT.runner),
    Cmd: [],
    WorkingDir,
    Env: [...(spec.Env ?? []), ...(outlives ? ["SLIPWAY_OUTLIVES=1"] : [])],
    Labels: { ...spec.Labels, ...names.labels("job", labels) },
    OpenStdin: true,
    StdinOnce: !outlives,
    AttachStdin: true,
    AttachStdout: true,
    AttachStderr: true,
    Tty: false,
    Healthcheck: { Test: ["NONE"] },
    HostConfig: {
      ...host,
      NetworkMode: network,
      Mounts: [...mounts.job, ...(host.Mounts ?? [])],
    },
    ...(aliases.length === 0
      ? {}
      : { NetworkingConfig: { EndpointsConfig: { [network]: { Aliases: [...aliases] } } } }),
  };
}

/** The daemon's own where a job needs no other and may have it; else one that is the job's alone. */
async function networkOf(
  { services, job: { aliases } }: JobPlan,
  names: JobNames,
  { engine, settings, defaultNetwork }: DockerPlace,
  signal: AbortSignal,
): Promise<string> {
  const { lendsDefaultNetwork = false, network } = settings;
  if (lendsDefaultNetwork && services.length === 0 && aliases.length === 0) {
    const lent = await defaultNetwork.borrow(names.job, engine, signal);
    if (lent !== undefined) return lent;
  }
  return await ensureJobNetwork(engine, names, network, signal);
}

/** Never started. */
async function createForFolders(
  { id }: ImageFacts,
  { job }: JobMounts,
  names: JobNames,
  engine: DockerEngine,
  signal: AbortSignal,
): Promise<string> {
  const spec: ContainerSpec = {
    Image: id,
    Entrypoint: [KIT.node],
    Labels: { ...names.labels("workspace") },
    HostConfig: { NetworkMode: "none", Mounts: [...job] },
  };
  return await engine.createContainer(names.volume("folders"), spec, signal);
}

function containersOf(
  plan: JobPlan,
  services: readonly StartedService[],
  container: string,
  network: string,
  hostPorts: readonly number[],
  note: NoteSink,
): { readonly containers: JobContainers; readonly forwards: ReturnType<typeof jobForwards>["forwards"] } {
  const local = plan.isOwn ? [] : services.map(({ service: { id }, ports }) => ({ id, ports }));
  const { forwards, ports } = jobForwards(hostPorts, local, note);
  return {
    forwards,
    containers: {
      ...(plan.isOwn ? { job: { id: container, network } } : {}),
      services: Object.fromEntries(
        services.map((service) => {
          const { id } = service.service;
          return [id, { id: service.containerId, network, ports: ports[id] ?? reachedBy(service) }];
        }),
      ),
      steps: { kind: "asked" },
      stepWorkspace: STEP_WORKSPACE,
    },
  };
}

/** Folders on volumes, which are root's as long as nobody says otherwise. */
function folderPaths(request: JobRequest, mode: "bind" | "volume"): readonly string[] {
  const { temp, toolCache, actionCache, ...others } = JOB_PATHS;
  const bound = mode === "bind";
  return bound ? Object.values(others) : [...Object.values(JOB_PATHS), workspaceOf(request)];
}

function isRoot(user: string): boolean {
  return /^(|0|root)(:.*)?$/.test(user);
}
