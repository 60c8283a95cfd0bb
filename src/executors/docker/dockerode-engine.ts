import { readFileSync } from "node:fs";
import type { Socket } from "node:net";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { finished } from "node:stream/promises";
import type Docker from "dockerode";
import type { Clock } from "../../clock.ts";
import { ExecError } from "../../errors.ts";
import type { KitSource } from "../kit/kit-source.ts";
import { containerFacts, imageFacts } from "./api-facts.ts";
import { daemonError, isCode, isRemovalUnderWay, noAnswer, unreadable } from "./daemon-errors.ts";
import { demultiplex } from "./demultiplex.ts";
import type {
  Attached,
  ContainerFacts,
  ContainerSpec,
  DockerEngine,
  EngineInfo,
  ImageFacts,
  Labels,
  Listed,
  NetworkOptions,
  OutputChunk,
  ProgressLine,
  RegistryAuth,
} from "./docker-engine.ts";
import { addressText, type EngineAddress } from "./engine-address.ts";
import { readJsonLines } from "./read-json-lines.ts";

export interface DockerodeEngineOptions {
  readonly address: EngineAddress;
  /** Holds `ca.pem`, `cert.pem` and `key.pem`. */
  readonly tlsFolder?: string;
  /** Of an SSH agent. */
  readonly sshAgent?: string;
  readonly clock: Clock;
}

/** A call that only asks or changes something. A daemon that is busy with other containers may take its time. */
const CALL_LIMIT_MS = 120_000;

/** The daemon, by dockerode, which is loaded with this file. */
class DockerodeEngine implements DockerEngine {
  readonly #docker: Docker;
  readonly #where: string;
  readonly #clock: Clock;
  #info: EngineInfo | undefined;

  constructor(docker: Docker, where: string, clock: Clock) {
    this.#docker = docker;
    this.#where = where;
    this.#clock = clock;
  }

  async info(signal?: AbortSignal): Promise<EngineInfo> {
    if (this.#info !== undefined) return this.#info;
    const version = await this.#call("tell its version", signal, () => this.#docker.version());
    const { Components, Arch } = version as { Components?: { Name: string }[]; Arch: string };
    this.#info = { podman: Components?.some(({ Name }) => /podman/i.test(Name)) ?? false, arch: Arch };
    return this.#info;
  }

  async inspectImage(name: string, signal?: AbortSignal): Promise<ImageFacts | undefined> {
    const found = this.#call("look at an image", signal, () => this.#docker.getImage(name).inspect());
    return await found.then(imageFacts, ifMissing);
  }

  async pull(
    name: string,
    auth: RegistryAuth | undefined,
    onLine: (line: ProgressLine) => void,
    signal: AbortSignal,
  ): Promise<void> {
    const doing = `pull ${name}`;
    const options = { abortSignal: signal, ...(auth === undefined ? {} : { authconfig: auth }) };
    const lines = await this.#stream(doing, signal, () => this.#docker.pull(name, options));
    await this.#progress(doing, lines, onLine, signal);
  }

  async build(
    context: Readable,
    {
      dockerfile,
      tag,
      labels,
    }: { readonly dockerfile: string; readonly tag: string; readonly labels: Labels },
    onLine: (line: ProgressLine) => void,
    signal: AbortSignal,
  ): Promise<void> {
    const options = {
      dockerfile,
      t: tag,
      labels: { ...labels },
      rm: true,
      forcerm: true,
      abortSignal: signal,
    };
    const lines = await this.#stream("build the image", signal, () =>
      this.#docker.buildImage(context, options),
    );
    await this.#progress("build the image", lines, onLine, signal);
  }

  async removeImage(name: string): Promise<boolean> {
    try {
      await this.#call("remove an image", undefined, () =>
        this.#docker.getImage(name).remove({ force: true }),
      );
      return true;
    } catch (error) {
      if (isCode(error, "NotFound") || isCode(error, "Conflict")) return false;
      throw error;
    }
  }

  async listImages(labels: Labels): Promise<readonly Listed[]> {
    const found = await this.#call("list images", undefined, (abortSignal) =>
      this.#docker.listImages({ filters: JSON.stringify(byLabels(labels)), abortSignal }),
    );
    return found.map(({ Id, Labels }) => ({ id: Id, labels: Labels ?? {} }));
  }

  async createNetwork(
    name: string,
    labels: Labels,
    { driver = "bridge", ipv6, driverOptions }: NetworkOptions,
    signal?: AbortSignal,
  ): Promise<string> {
    const { id } = await this.#change("create the job's network", signal, (abortSignal) =>
      this.#docker.createNetwork({
        Name: name,
        CheckDuplicate: true,
        Driver: driver,
        Labels: { ...labels },
        ...(ipv6 === undefined ? {} : { EnableIPv6: ipv6 }),
        ...(driverOptions === undefined ? {} : { Options: { ...driverOptions } }),
        abortSignal,
      }),
    );
    return this.#read("create the job's network", id);
  }

  async inspectNetwork(name: string, signal?: AbortSignal): Promise<Listed | undefined> {
    const found = this.#call("look at a network", signal, () => this.#docker.getNetwork(name).inspect());
    return await found.then(({ Id, Labels }) => ({ id: Id, labels: Labels ?? {} }), ifMissing);
  }

  async removeNetwork(name: string): Promise<void> {
    await this.#remove("remove a network", () => this.#docker.getNetwork(name).remove());
  }

  async listNetworks(labels: Labels): Promise<readonly Listed[]> {
    const found = await this.#call("list networks", undefined, (abortSignal) =>
      this.#docker.listNetworks({ filters: byLabels(labels), abortSignal }),
    );
    return found.map(({ Id, Labels }) => ({ id: Id, labels: Labels ?? {} }));
  }

  async createVolume(
    name: string,
    labels: Labels,
    options: { readonly [name: string]: string },
    signal?: AbortSignal,
  ): Promise<void> {
    await this.#change("create a volume", signal, (abortSignal) =>
      this.#docker.createVolume({
        Name: name,
        Driver: "local",
        DriverOpts: { ...options },
        Labels: { ...labels },
        abortSignal,
      }),
    );
  }

  async removeVolume(name: string): Promise<void> {
    await this.#remove("remove a volume", () => this.#docker.getVolume(name).remove({ force: true }));
  }

  async listVolumes(labels: Labels): Promise<readonly Listed[]> {
    const { Volumes } = await this.#call("list volumes", undefined, (abortSignal) =>
      this.#docker.listVolumes({ filters: byLabels(labels), abortSignal } as Docker.VolumeListOptions),
    );
    return (Volumes ?? []).map(({ Name, Labels }) => ({ id: Name, labels: Labels ?? {} }));
  }

  async createContainer(name: string, spec: ContainerSpec, signal?: AbortSignal): Promise<string> {
    const { id } = await this.#change("create a container", signal, (abortSignal) =>
      this.#docker.createContainer({ ...spec, name, abortSignal } as Docker.ContainerCreateOptions),
    );
    return this.#read("create a container", id);
  }

  async startContainer(id: string, signal?: AbortSignal): Promise<void> {
    await this.#change("start a container", signal, (abortSignal) =>
      this.#docker.getContainer(id).start({ abortSignal }),
    );
  }

  async inspectContainer(id: string, signal?: AbortSignal): Promise<ContainerFacts | undefined> {
    const found = this.#call("look at a container", signal, (abortSignal) =>
      this.#docker.getContainer(id).inspect({ abortSignal }),
    );
    return await found.then(containerFacts, ifMissing);
  }

  async removeContainer(id: string): Promise<void> {
    try {
      await this.#remove("remove a container", () =>
        this.#docker.getContainer(id).remove({ force: true, v: true }),
      );
    } catch (error) {
      if (!isRemovalUnderWay(error)) throw error;
    }
  }

  async listContainers(labels: Labels): Promise<readonly Listed[]> {
    const found = await this.#call("list containers", undefined, (abortSignal) =>
      this.#docker.listContainers({ all: true, filters: byLabels(labels), abortSignal }),
    );
    return found.map(({ Id, Labels }) => ({ id: Id, labels: Labels ?? {} }));
  }

  async attach(
    id: string,
    { output }: { readonly output: boolean },
    signal?: AbortSignal,
  ): Promise<Attached> {
    const request = {
      path: `/containers/${id}/attach?`,
      method: "POST",
      options: { stream: true, stdin: true, stdout: output, stderr: output },
      isStream: true,
      hijack: true,
      // Of no length: what follows the head of a request that is taken over would be read as standard input.
      file: Buffer.alloc(0),
    };
    const socket = await this.#stream("attach to a container", signal, () => this.#dial<Socket>(request));
    socket.on("error", () => {});
    return {
      output: demultiplex(socket),
      write: (text) => {
        if (!socket.writable || socket.destroyed) return false;
        socket.write(text);
        return true;
      },
      close: () => void socket.destroy(),
    };
  }

  async logs(
    id: string,
    { follow, lastLines }: { readonly follow: boolean; readonly lastLines?: number },
    signal?: AbortSignal,
  ): Promise<AsyncIterable<OutputChunk>> {
    // A stream also where it is not followed: a log may be larger than memory.
    const source = await this.#stream("read a container's log", signal, async () => {
      const query = { follow, stdout: true, stderr: true, tail: lastLines ?? "all" };
      const path = `/containers/${id}/logs?`;
      const request = { path, method: "GET", isStream: true, options: query, ...abort(signal) };
      return await this.#dial(request);
    });
    return demultiplex(source);
  }

  async readArchive(id: string, path: string, signal?: AbortSignal): Promise<Readable> {
    return await this.#stream("copy from a container", signal, () =>
      this.#docker.getContainer(id).getArchive({ path }),
    );
  }

  async writeArchive(id: string, path: string, tar: Buffer, signal?: AbortSignal): Promise<void> {
    await this.#change("copy into a container", signal, (abortSignal) =>
      this.#docker.getContainer(id).putArchive(tar, { path, abortSignal }),
    );
  }

  async ensureKit(source: KitSource, signal: AbortSignal): Promise<string> {
    const { ensureKitVolume } = await import("../kit/kit-volume.ts");
    try {
      return (await ensureKitVolume(this.#docker, source, signal)).name;
    } catch (error) {
      signal.throwIfAborted();
      throw daemonError("put the runner's kit in place", error, this.#where);
    }
  }

  close(): void {}

  /** What was made has an id; where it cannot be read, the library gives none. */
  #read(doing: string, id: unknown): string {
    if (typeof id === "string" && id !== "") return id;
    throw unreadable(doing, this.#where, "there is no id in it");
  }

  async #dial<T extends Readable>(options: { readonly path: string }): Promise<T> {
    const statusCodes = { 200: true, 404: "no such container", 500: "server error" };
    return await new Promise((resolve, reject) => {
      this.#docker.modem.dial({ ...options, statusCodes }, (error: unknown, data: unknown) =>
        error ? reject(error) : resolve(data as T),
      );
    });
  }

  async #remove(doing: string, call: () => Promise<unknown>): Promise<void> {
    try {
      await this.#call(doing, undefined, call);
    } catch (error) {
      if (!isCode(error, "NotFound")) throw error;
    }
  }

  /** Never given up halfway: what the daemon makes is known to be made, so that it can be removed. */
  async #change<T>(
    doing: string,
    signal: AbortSignal | undefined,
    call: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    signal?.throwIfAborted();
    const made = await this.#call(doing, undefined, call);
    signal?.throwIfAborted();
    return made;
  }

  /** One answer, within the limit. */
  async #call<T>(
    doing: string,
    signal: AbortSignal | undefined,
    call: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    signal?.throwIfAborted();
    const limit = new AbortController();
    const stop = this.#clock.after(CALL_LIMIT_MS, () => limit.abort());
    const both = signal === undefined ? limit.signal : AbortSignal.any([signal, limit.signal]);
    const aborted = Promise.withResolvers<never>();
    both.addEventListener("abort", () => aborted.reject(new Error("aborted")), { once: true });
    try {
      return await Promise.race([call(both), aborted.promise]);
    } catch (error) {
      signal?.throwIfAborted();
      if (limit.signal.aborted)
        throw noAnswer(`The Docker daemon at ${this.#where} took too long to ${doing}.`, error);
      throw daemonError(doing, error, this.#where);
    } finally {
      stop();
    }
  }

  async #stream<T extends NodeJS.ReadableStream>(
    doing: string,
    signal: AbortSignal | undefined,
    call: () => Promise<T>,
  ): Promise<T & Readable> {
    signal?.throwIfAborted();
    try {
      const stream = (await call()) as T & Readable;
      if (signal !== undefined) {
        const end = () => stream.destroy();
        if (signal.aborted) end();
        signal.addEventListener("abort", end, { once: true });
        void finished(stream, { writable: false })
          .catch(() => {})
          .then(() => signal.removeEventListener("abort", end));
      }
      return stream;
    } catch (error) {
      signal?.throwIfAborted();
      throw daemonError(doing, error, this.#where);
    }
  }

  async #progress(
    doing: string,
    lines: Readable,
    onLine: (line: ProgressLine) => void,
    signal: AbortSignal,
  ): Promise<void> {
    let failed: string | undefined;
    try {
      for await (const value of readJsonLines(lines)) {
        const line = value as ProgressLine;
        if (typeof line.error === "string") failed = line.error;
        else onLine(line);
      }
    } catch (error) {
      signal.throwIfAborted();
      throw daemonError(doing, error, this.#where);
    }
    signal.throwIfAborted();
    if (failed !== undefined) throw new ExecError("Permanent", failed);
  }
}

export async function dockerodeEngine(options: DockerodeEngineOptions): Promise<DockerEngine> {
  const { default: Dockerode } = await import("dockerode");
  const { address, clock } = options;
  return new DockerodeEngine(new Dockerode(connection(options)), addressText(address), clock);
}

function connection({ address, tlsFolder, sshAgent }: DockerodeEngineOptions): Docker.DockerOptions {
  switch (address.kind) {
    case "socket":
      return { socketPath: address.path };
    case "tcp": {
      const { host, port, tls } = address;
      if (!tls) return { host, port, protocol: "http" };
      const read = (name: string) => (tlsFolder === undefined ? undefined : readCertificate(tlsFolder, name));
      const [ca, cert, key] = [read("ca.pem"), read("cert.pem"), read("key.pem")];
      return { host, port, protocol: "https", ...(ca && cert && key ? { ca, cert, key } : {}) };
    }
    case "ssh": {
      const { host, port, username } = address;
      const sshOptions = sshAgent === undefined ? {} : { agent: sshAgent };
      return { host, port, username, protocol: "ssh", sshOptions } as Docker.DockerOptions;
    }
  }
}

function readCertificate(folder: string, name: string): Buffer {
  try {
    return readFileSync(join(folder, name));
  } catch (cause) {
    const message = `The certificate ${name} of the Docker daemon cannot be read: ${(cause as Error).message}`;
    throw new ExecError("InvalidSpec", message, { cause });
  }
}

function abort(signal: AbortSignal | undefined): { readonly abortSignal?: AbortSignal } {
  return signal === undefined ? {} : { abortSignal: signal };
}

function byLabels(labels: Labels): { label: string[] } {
  return { label: Object.entries(labels).map(([name, value]) => (value === "" ? name : `${name}=${value}`)) };
}

function ifMissing(error: unknown): undefined {
  if (isCode(error, "NotFound")) return undefined;
  throw error;
}
