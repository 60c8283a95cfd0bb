/**
 * What the executor asks of a Docker daemon (or of podman's socket, which speaks the same): the Engine API, version 1.41,
 * cut down to what is used. Every call rejects with an `ExecError` that `daemon-errors.ts` made; `NotFound` is a value where
 * a thing that is gone is as good as removed. Calls end when their signal is aborted, or after a limit of the adapter's.
 */
import type { Readable } from "node:stream";
import type Docker from "dockerode";
import type { ImageConfig } from "../../protocol/runner-message.ts";
import type { KitSource } from "../kit/kit-source.ts";

/** As the API spells it. */
export type ContainerSpec = Omit<Docker.ContainerCreateOptions, "name" | "abortSignal" | "HostConfig"> & {
  readonly HostConfig?: HostConfig;
};
export type HostConfig = Omit<Docker.HostConfig, "Mounts"> & { Mounts?: MountSpec[] };
export interface MountSpec {
  readonly Type: "bind" | "volume" | "tmpfs";
  readonly Target: string;
  /** Absent: a volume without a name, or a file system in memory. */
  readonly Source?: string;
  readonly ReadOnly?: boolean;
  readonly VolumeOptions?: {
    readonly NoCopy?: boolean;
    readonly Labels?: { readonly [name: string]: string };
    readonly DriverConfig?: { readonly Name: string; readonly Options: { readonly [name: string]: string } };
  };
  readonly TmpfsOptions?: { readonly SizeBytes?: number; readonly Mode?: number };
  readonly BindOptions?: { readonly Propagation: string };
}
export type Labels = { readonly [name: string]: string };

export interface EngineInfo {
  readonly podman: boolean;
  /** As Go calls it: `amd64`, `arm64`. */
  readonly arch: string;
}

export interface ImageFacts extends ImageConfig {
  readonly id: string;
  /** Empty: root. */
  readonly user: string;
  /** Ports it says it listens on, `6379/tcp`. */
  readonly exposedPorts: readonly string[];
}

export interface ContainerFacts {
  readonly id: string;
  readonly name: string;
  readonly labels: Labels;
  readonly status: "created" | "running" | "exited" | "dead" | "other";
  readonly exitCode: number;
  readonly outOfMemory: boolean;
  /** Why it could not be started, in the daemon's words; empty if it could. */
  readonly error: string;
  /** Absent: the image checks nothing. */
  readonly health?: { readonly status: string; readonly lastOutput: string };
  readonly mounts: readonly MountSpec[];
  /** Host ports by container port (`80/tcp`). */
  readonly ports: { readonly [port: string]: string };
  /** Its own bytes at most; 0: no limit. */
  readonly memoryLimitBytes: number;
}

/** One container, network or volume of a listing. */
export interface Listed {
  readonly id: string;
  readonly labels: Labels;
}

export interface OutputChunk {
  readonly stream: "stdout" | "stderr";
  readonly data: Buffer;
}

/** A connection to the standard streams of a container. */
export interface Attached {
  /** Ends with the container, or where the connection does; then it may throw. Reading slowly slows the container. */
  readonly output: AsyncIterable<OutputChunk>;
  /** False: nothing more goes in. */
  write(text: string): boolean;
  close(): void;
}

/** A line of the progress of a pull or a build. */
export interface ProgressLine {
  readonly status?: string;
  /** Of a layer. */
  readonly id?: string;
  readonly progressDetail?: { readonly current?: number; readonly total?: number };
  readonly error?: string;
  /** Output of a build. */
  readonly stream?: string;
  readonly aux?: unknown;
}

export interface RegistryAuth {
  readonly username?: string;
  readonly password?: string;
  readonly identitytoken?: string;
  readonly serveraddress: string;
}

export interface DockerEngine {
  info(signal?: AbortSignal): Promise<EngineInfo>;

  inspectImage(name: string, signal?: AbortSignal): Promise<ImageFacts | undefined>;
  pull(
    name: string,
    auth: RegistryAuth | undefined,
    onLine: (line: ProgressLine) => void,
    signal: AbortSignal,
  ): Promise<void>;
  /** Of a tar; `dockerfile` is a path in it. */
  build(
    context: Readable,
    setting: { readonly dockerfile: string; readonly tag: string; readonly labels: Labels },
    onLine: (line: ProgressLine) => void,
    signal: AbortSignal,
  ): Promise<void>;
  /** False: it was not there, or something else uses it. */
  removeImage(name: string): Promise<boolean>;
  listImages(labels: Labels): Promise<readonly Listed[]>;

  /** Gives its id. `Conflict` where podman knows the name; Docker allows a name twice, so look first. */
  createNetwork(name: string, labels: Labels, options: NetworkOptions, signal?: AbortSignal): Promise<string>;
  inspectNetwork(name: string, signal?: AbortSignal): Promise<Listed | undefined>;
  removeNetwork(name: string): Promise<void>;
  listNetworks(labels: Labels): Promise<readonly Listed[]>;

  /** One that is there stays as it is. */
  createVolume(
    name: string,
    labels: Labels,
    options: { readonly [name: string]: string },
    signal?: AbortSignal,
  ): Promise<void>;
  removeVolume(name: string): Promise<void>;
  listVolumes(labels: Labels): Promise<readonly Listed[]>;

  /** Gives its id. `Conflict`: the name is taken. */
  createContainer(name: string, spec: ContainerSpec, signal?: AbortSignal): Promise<string>;
  startContainer(id: string, signal?: AbortSignal): Promise<void>;
  inspectContainer(id: string, signal?: AbortSignal): Promise<ContainerFacts | undefined>;
  /** Killed if it runs, with its unnamed volumes. */
  removeContainer(id: string): Promise<void>;
  listContainers(labels: Labels): Promise<readonly Listed[]>;

  /** Standard input and, if asked, output as it comes from now on. */
  attach(id: string, options: { readonly output: boolean }, signal?: AbortSignal): Promise<Attached>;
  /** From the beginning, or its last lines; `follow`: until the container has ended. */
  logs(
    id: string,
    options: { readonly follow: boolean; readonly lastLines?: number },
    signal?: AbortSignal,
  ): Promise<AsyncIterable<OutputChunk>>;
  /** A tar of what is at a path of the container; its root is the last part of the path. */
  readArchive(id: string, path: string, signal?: AbortSignal): Promise<Readable>;
  /** Unpacks a tar in a folder of the container, which need not run. */
  writeArchive(id: string, path: string, tar: Buffer, signal?: AbortSignal): Promise<void>;

  /** The kit as a volume; gives its name. */
  ensureKit(source: KitSource, signal: AbortSignal): Promise<string>;

  close(): void;
}

export interface NetworkOptions {
  readonly driver?: string;
  readonly ipv6?: boolean;
  readonly driverOptions?: { readonly [name: string]: string };
}
