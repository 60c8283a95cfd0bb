import type { ContainerRequest } from "../../protocol/job-placement.ts";
import { KEPT_LOG, limited } from "./container-limits.ts";
import type { ContainerSpec, Labels, MountSpec } from "./docker-engine.ts";
import { parseVolume } from "./mount-flags.ts";
import {
  type CreateOptions,
  type Limits,
  type OptionRules,
  parseCreateOptions,
} from "./parse-create-options.ts";
import { type PortRequest, parsePorts, portKey } from "./parse-ports.ts";

export interface PlanRules {
  readonly options: OptionRules;
  readonly defaults: Limits;
  /** Ports are published on this machine's loopback. */
  readonly publish: boolean;
  /** What a volume of that name is called here. */
  readonly volumeName: (name: string) => string;
  /** On named volumes that are the job's own. */
  readonly volumeLabels: Labels;
}

/** One container, as far as it can be said before its image is there. */
export interface ContainerPlan {
  readonly spec: ContainerSpec;
  readonly aliases: readonly string[];
  readonly ports: readonly PortRequest[];
  readonly warnings: readonly string[];
}

/** Puts together what `container:` or a service asks for. Throws `InvalidSpec`. `of`: whose it is, for messages. */
export function planContainer(request: ContainerRequest, of: string, rules: PlanRules): ContainerPlan {
  const options = parseCreateOptions(request.options, of, rules.options);
  const ports = [...request.ports, ...options.ports].flatMap(parsePorts);
  const volumes = [...request.volumes, ...options.volumes].map((text) =>
    parseVolume(text, rules.options, rules.volumeName),
  );
  const mounts = [...volumes, ...named(options, rules)].map((mount) => labelled(mount, rules));
  const { Env = [], Labels = {}, ...container } = options.container;
  return {
    spec: {
      ...container,
      Env: [...Object.entries(request.env).map(([name, value]) => `${name}=${value}`), ...Env],
      Labels,
      ExposedPorts: {
        ...container.ExposedPorts,
        ...Object.fromEntries(ports.map((port) => [portKey(port), {}])),
      },
      HostConfig: {
        ...limited(options.host, rules.defaults),
        Mounts: mounts,
        LogConfig: KEPT_LOG,
        RestartPolicy: { Name: "no" },
        ...(rules.publish ? { PortBindings: bindings(ports) } : {}),
      },
    },
    aliases: options.networkAliases,
    ports,
    warnings: options.warnings,
  };
}

function named({ host }: CreateOptions, { volumeName }: PlanRules): readonly MountSpec[] {
  return (host.Mounts ?? []).map((mount) =>
    mount.Type === "volume" && mount.Source !== undefined
      ? { ...mount, Source: volumeName(mount.Source) }
      : mount,
  );
}

function labelled(mount: MountSpec, { volumeLabels }: PlanRules): MountSpec {
  return mount.Type === "volume" && mount.Source !== undefined
    ? { ...mount, VolumeOptions: { Labels: volumeLabels } }
    : mount;
}

/** On the loopback alone: what a job's services offer is not for the network that this machine is in. */
function bindings(ports: readonly PortRequest[]): object {
  const result: { [port: string]: object[] } = {};
  for (const port of ports) {
    const HostPort = port.hostPort === undefined ? "" : String(port.hostPort);
    const key = portKey(port);
    result[key] = [...(result[key] ?? []), { HostIp: "127.0.0.1", HostPort }];
  }
  return result;
}
