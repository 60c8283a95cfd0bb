import type Docker from "dockerode";
import type { ContainerFacts, ImageFacts, MountSpec } from "./docker-engine.ts";

/** What counts of an image, from the API's answer. */
export function imageFacts({ Id, Config }: Docker.ImageInspectInfo): ImageFacts {
  const { User, ExposedPorts } = Config ?? {};
  return {
    id: Id,
    user: User ?? "",
    entrypoint: asList(Config?.Entrypoint),
    command: asList(Config?.Cmd),
    exposedPorts: Object.keys(ExposedPorts ?? {}),
  };
}

/** What counts of a container, from the API's answer. */
export function containerFacts(info: Docker.ContainerInspectInfo): ContainerFacts {
  const { State, Config, HostConfig, NetworkSettings } = info;
  const health = State.Health;
  return {
    id: info.Id,
    name: info.Name.replace(/^\//, ""),
    labels: Config.Labels ?? {},
    status: statusOf(State.Status),
    exitCode: State.ExitCode,
    outOfMemory: State.OOMKilled,
    error: State.Error ?? "",
    // Podman gives an empty status where nothing is checked, Docker "none".
    ...(health === undefined || !health.Status || (health.Status as string) === "none"
      ? {}
      : { health: { status: health.Status, lastOutput: health.Log?.at(-1)?.Output?.trim() ?? "" } }),
    mounts: (HostConfig.Mounts ?? []) as MountSpec[],
    ports: publishedPorts(NetworkSettings.Ports ?? {}),
    memoryLimitBytes: HostConfig.Memory ?? 0,
  };
}

/** Docker 28 writes them as ever; podman calls what was just created `initialized` or `configured`. */
function statusOf(status: string): ContainerFacts["status"] {
  switch (status) {
    case "created":
    case "configured":
    case "initialized":
      return "created";
    case "running":
    case "paused":
    case "restarting":
    case "stopping":
    case "removing":
      return "running";
    case "exited":
    case "stopped":
      return "exited";
    case "dead":
      return "dead";
    default:
      return "other";
  }
}

function publishedPorts(ports: Docker.ContainerInspectInfo["NetworkSettings"]["Ports"]) {
  const published: { [port: string]: string } = {};
  for (const [port, bindings] of Object.entries(ports)) {
    const host = bindings?.[0]?.HostPort;
    if (host !== undefined) published[port] = host;
  }
  return published;
}

function asList(value: string | readonly string[] | null | undefined): readonly string[] {
  return value === null || value === undefined ? [] : typeof value === "string" ? [value] : value;
}
