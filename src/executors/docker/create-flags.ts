import { ExecError } from "../../errors.ts";
import type { ContainerSpec, HostConfig, MountSpec } from "./docker-engine.ts";
import { parseMountFlag, parseTmpfsFlag } from "./mount-flags.ts";
import type { OptionRules } from "./parse-create-options.ts";
import { parseBytes, parseDuration } from "./quantities.ts";
import { splitWords } from "./split-words.ts";

/** What flags are put together in. */
export interface CreateDraft {
  readonly container: { -readonly [key in keyof Omit<ContainerSpec, "HostConfig">]: ContainerSpec[key] };
  readonly host: HostConfig;
  readonly env: string[];
  readonly labels: { [name: string]: string };
  readonly health: {
    Test?: string[];
    Interval?: number;
    Timeout?: number;
    StartPeriod?: number;
    Retries?: number;
  };
  readonly networkAliases: string[];
  readonly volumes: string[];
  readonly ports: string[];
  readonly warnings: string[];
  readonly rules: OptionRules;
}

export type CreateFlag =
  | { readonly kind: "boolean"; readonly apply: (draft: CreateDraft, on: boolean, name: string) => void }
  | { readonly kind: "value"; readonly apply: (draft: CreateDraft, value: string, name: string) => void };

/** Flags that would take from the executor what it needs to follow the job. */
export const REFUSED_FLAGS: { readonly [flag: string]: string } = {
  "--restart": "a container that starts again would run the job twice",
  "--rm": "Slipway removes containers itself",
  "--network": "each job has a network of its own; name services by their ids",
  "--net": "each job has a network of its own; name services by their ids",
  "--log-driver": "Slipway reads the container's log",
  "--log-opt": "Slipway reads the container's log",
  "--cidfile": "it is a file of the Docker host",
  "-t": "a job has no terminal",
  "--tty": "a job has no terminal",
  "-d": "Slipway waits for its containers",
  "--detach": "Slipway waits for its containers",
};

const value = (apply: (draft: CreateDraft, value: string, name: string) => void): CreateFlag => ({
  kind: "value",
  apply,
});
const boolean = (apply: (draft: CreateDraft, on: boolean, name: string) => void): CreateFlag => ({
  kind: "boolean",
  apply,
});
const host = <K extends keyof HostConfig>(
  key: K,
  parse: (value: string, name: string) => HostConfig[K],
): CreateFlag =>
  value((draft, text, name) => {
    draft.host[key] = parse(text, name);
  });
const hostList = (key: "Dns" | "DnsOptions" | "DnsSearch" | "ExtraHosts" | "GroupAdd"): CreateFlag =>
  value((draft, text) => {
    draft.host[key] = [...((draft.host[key] as string[] | undefined) ?? []), text];
  });
const text = <K extends "User" | "Hostname" | "Domainname" | "WorkingDir" | "StopSignal" | "MacAddress">(
  key: K,
) =>
  value((draft, given) => {
    draft.container[key] = given;
  });
const privileged = (flag: CreateFlag): CreateFlag => {
  const check = ({ rules }: CreateDraft, name: string) => {
    if (!rules.privileged)
      throw new ExecError(
        "InvalidSpec",
        `'${name}' is not allowed by this installation (it gives power over the Docker host)`,
      );
  };
  return flag.kind === "boolean"
    ? boolean((draft, on, name) => {
        if (on) check(draft, name);
        flag.apply(draft, on, name);
      })
    : value((draft, given, name) => {
        check(draft, name);
        flag.apply(draft, given, name);
      });
};
const privilegedList = (key: "CapAdd" | "SecurityOpt" | "DeviceCgroupRules") =>
  privileged(
    value((draft, given) => {
      draft.host[key] = [...((draft.host[key] as string[] | undefined) ?? []), given];
    }),
  );

const bytes = (given: string, name: string): number =>
  need(parseBytes(given), given, name, "an amount like 512m");
const whole = (given: string, name: string): number =>
  need(/^-?\d+$/.test(given) ? Number(given) : undefined, given, name, "a whole number");
const number = (given: string, name: string): number =>
  need(/^\d+(\.\d+)?$/.test(given) ? Number(given) : undefined, given, name, "a number");

function need(parsed: number | undefined, given: string, name: string, wanted: string): number {
  if (parsed === undefined) throw new ExecError("InvalidSpec", `'${name} ${given}' is not ${wanted}`);
  return parsed;
}

const health = (key: "Interval" | "Timeout" | "StartPeriod") =>
  value((draft, given, name) => {
    draft.health[key] = need(parseDuration(given), given, name, "a duration like 10s");
  });

const env = value((draft, given, name) => {
  // Without a value docker takes its own, which here would be the worker's.
  if (!given.includes("="))
    throw new ExecError("InvalidSpec", `'${name} ${given}' names no value: write NAME=value`);
  draft.env.push(given);
});
const label = value((draft, given) => {
  const equals = given.indexOf("=");
  const name = equals === -1 ? given : given.slice(0, equals);
  if (name.startsWith("slipway.dev/"))
    throw new ExecError("InvalidSpec", `The label '${name}' is Slipway's own`);
  draft.labels[name] = equals === -1 ? "" : given.slice(equals + 1);
});
const ignored = value((draft, given, name) => {
  draft.warnings.push(`'${name} ${given}' is ignored: Slipway names its containers itself.`);
});
const ulimit = value((draft, given, name) => {
  const found = /^(\w+)=(-?\d+)(?::(-?\d+))?$/.exec(given);
  if (found === null) throw new ExecError("InvalidSpec", `'${name} ${given}' is not like nofile=1024:2048`);
  const [, Name = "", soft = "", hard = soft] = found;
  draft.host.Ulimits = [...(draft.host.Ulimits ?? []), { Name, Soft: Number(soft), Hard: Number(hard) }];
});
const mount = (parse: (given: string, rules: OptionRules) => MountSpec) =>
  value((draft, given) => {
    draft.host.Mounts = [...(draft.host.Mounts ?? []), parse(given, draft.rules)];
  });
const volume = value((draft, given) => draft.volumes.push(given));
const port = value((draft, given) => draft.ports.push(given));
const device = value((draft, given) => {
  const [PathOnHost = "", PathInContainer = PathOnHost, CgroupPermissions = "rwm"] = given.split(":");
  draft.host.Devices = [
    ...((draft.host.Devices as object[] | undefined) ?? []),
    { PathOnHost, PathInContainer, CgroupPermissions },
  ];
});
const gpus = value((draft, given) => {
  const ids = /device=([^"]+)/.exec(given)?.[1]?.split(",");
  const Count = given === "all" || ids !== undefined ? -1 : Number(given) || -1;
  draft.host.DeviceRequests = [
    { ...(ids === undefined ? { Count } : { DeviceIDs: ids }), Capabilities: [["gpu"]] } as NonNullable<
      HostConfig["DeviceRequests"]
    >[number],
  ];
});
const sysctl = value((draft, given) => {
  const [name = "", setting = ""] = given.split(/=(.*)/s);
  draft.host.Sysctls = { ...draft.host.Sysctls, [name]: setting };
});
const namespace = (key: "IpcMode" | "PidMode" | "UTSMode" | "UsernsMode") =>
  value((draft, given, name) => {
    if (given !== "private" && given !== "none" && given !== "shareable" && !draft.rules.privileged)
      throw new ExecError("InvalidSpec", `'${name} ${given}' is not allowed by this installation`);
    draft.host[key] = given;
  });

/** Every flag that `options` may hold, and what becomes of it. */
export const CREATE_FLAGS: { readonly [flag: string]: CreateFlag } = {
  "--health-cmd": value((draft, given) => {
    draft.health.Test = ["CMD-SHELL", given];
  }),
  "--health-interval": health("Interval"),
  "--health-timeout": health("Timeout"),
  "--health-start-period": health("StartPeriod"),
  "--health-retries": value((draft, given, name) => {
    draft.health.Retries = whole(given, name);
  }),
  "--no-healthcheck": boolean((draft, on) => {
    if (on) draft.health.Test = ["NONE"];
  }),
  "--cpus": host("NanoCpus", (given, name) => Math.round(number(given, name) * 1e9)),
  "--cpu-shares": host("CpuShares", whole),
  "-c": host("CpuShares", whole),
  "--cpu-period": host("CpuPeriod", whole),
  "--cpu-quota": host("CpuQuota", whole),
  "--cpuset-cpus": host("CpusetCpus", (given) => given),
  "--memory": host("Memory", bytes),
  "-m": host("Memory", bytes),
  "--memory-reservation": host("MemoryReservation", bytes),
  "--memory-swap": host("MemorySwap", (given, name) => (given === "-1" ? -1 : bytes(given, name))),
  "--memory-swappiness": host("MemorySwappiness", whole),
  "--oom-score-adj": host("OomScoreAdj", whole),
  "--pids-limit": host("PidsLimit", whole),
  "--shm-size": host("ShmSize", bytes),
  "--ulimit": ulimit,
  "--user": text("User"),
  "-u": text("User"),
  "--group-add": hostList("GroupAdd"),
  "--entrypoint": value((draft, given) => {
    draft.container.Entrypoint = splitWords(given);
  }),
  "--workdir": text("WorkingDir"),
  "-w": text("WorkingDir"),
  "--env": env,
  "-e": env,
  "--hostname": text("Hostname"),
  "-h": text("Hostname"),
  "--domainname": text("Domainname"),
  "--mac-address": text("MacAddress"),
  "--add-host": hostList("ExtraHosts"),
  "--dns": hostList("Dns"),
  "--dns-option": hostList("DnsOptions"),
  "--dns-search": hostList("DnsSearch"),
  "--network-alias": value((draft, given) => draft.networkAliases.push(given)),
  "--net-alias": value((draft, given) => draft.networkAliases.push(given)),
  "--publish": port,
  "-p": port,
  "--expose": value((draft, given) => {
    draft.container.ExposedPorts = {
      ...draft.container.ExposedPorts,
      [given.includes("/") ? given : `${given}/tcp`]: {},
    };
  }),
  "--volume": volume,
  "-v": volume,
  "--mount": mount(parseMountFlag),
  "--tmpfs": mount((given) => parseTmpfsFlag(given)),
  "--init": boolean((draft, on) => {
    draft.host.Init = on;
  }),
  "--read-only": boolean((draft, on) => {
    draft.host.ReadonlyRootfs = on;
  }),
  "--interactive": boolean(() => {}),
  "-i": boolean(() => {}),
  "--label": label,
  "-l": label,
  "--name": ignored,
  "--pull": ignored,
  "--platform": value((draft, given) => {
    draft.container.platform = given;
  }),
  "--stop-signal": text("StopSignal"),
  "--stop-timeout": value((draft, given, name) => {
    draft.container.StopTimeout = whole(given, name);
  }),
  "--cap-drop": value((draft, given) => {
    draft.host.CapDrop = [...((draft.host.CapDrop as string[] | undefined) ?? []), given];
  }),
  "--ipc": namespace("IpcMode"),
  "--pid": namespace("PidMode"),
  "--uts": namespace("UTSMode"),
  "--userns": namespace("UsernsMode"),
  "--sysctl": privileged(sysctl),
  "--cap-add": privilegedList("CapAdd"),
  "--security-opt": privilegedList("SecurityOpt"),
  "--device-cgroup-rule": privilegedList("DeviceCgroupRules"),
  "--cgroup-parent": privileged(host("CgroupParent", (given) => given)),
  "--runtime": privileged(host("Runtime", (given) => given)),
  "--device": privileged(device),
  "--gpus": gpus,
  "--privileged": privileged(
    boolean((draft, on) => {
      draft.host.Privileged = on;
    }),
  ),
};
