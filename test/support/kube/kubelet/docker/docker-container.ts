/** One container of a pod: its image, its runs, its restarts, its end; and what its status says meanwhile. */
import { readFileSync } from "node:fs";
import type { Container, ContainerState } from "kubernetes-types/core/v1.js";
import { kubeTime } from "../../cluster-object.ts";
import { isSidecar, statusOf } from "../pod-states.ts";
import { ContainerConfigError, containerEnv } from "./container-env.ts";
import { containerOptions } from "./container-options.ts";
import { probeSucceeds } from "./container-probe.ts";
import { dockerLog } from "./docker-log.ts";
import type { DockerPod } from "./docker-pod.ts";
import { imagePresence } from "./image-presence.ts";
import { containerMounts, messageFile } from "./pod-volumes.ts";

/** Upstream: a termination message is at most so long; of longer ones the end is kept. */
const MESSAGE_LIMIT_BYTES = 4096;
/** Upstream: doubled with each restart, to five minutes. */
const RESTART_BACKOFF_MS = 10_000;
const LONGEST_PULL_BACKOFF_MS = 30_000;

export class DockerContainer {
  readonly #pod: DockerPod;
  readonly #spec: Container;
  readonly #made: string[] = [];
  #id: string | undefined;
  #running = false;
  #runs: Promise<number> = Promise.resolve(0);
  #started: (() => void) | undefined;
  /** Nothing restarts it. */
  #stopping = false;

  constructor(pod: DockerPod, spec: Container) {
    this.#pod = pod;
    this.#spec = spec;
  }

  get id(): string | undefined {
    return this.#id;
  }

  get previousId(): string | undefined {
    return this.#made.at(-2);
  }

  /** Runs it, again where the pod's policy says so; gives the last exit code. */
  runToEnd(): Promise<number> {
    this.#runs = this.#runAgain();
    return this.#runs;
  }

  /** Resolves when it has started, by its startup probe if it has one; it runs on, and again when it ends. */
  async startSidecar(): Promise<void> {
    const started = new Promise<void>((resolve) => {
      this.#started = resolve;
    });
    this.#runs = this.#runAgain();
    await Promise.race([started, this.#runs]);
  }

  /** SIGTERM, SIGKILL after so long; resolves when it has ended. Never started: at once. */
  async stop(graceSeconds: number): Promise<void> {
    const first = !this.#stopping;
    this.#stopping = true;
    if (this.#id !== undefined && this.#running) {
      if (first) this.#pod.tell("Killing", `Stopping container ${this.#spec.name}`, this.#spec.name);
      const container = this.#pod.parts.client.getContainer(this.#id);
      await container.stop({ t: Math.max(0, Math.ceil(graceSeconds)) }).catch(() => {});
    }
    this.#started?.();
    await this.#runs;
  }

  async kill(): Promise<void> {
    this.#stopping = true;
    if (this.#id !== undefined)
      await this.#pod.parts.client
        .getContainer(this.#id)
        .kill()
        .catch(() => {});
  }

  async remove(): Promise<void> {
    for (const id of this.#made) {
      await this.#pod.parts.client
        .getContainer(id)
        .remove({ force: true, v: true })
        .catch(() => {});
    }
  }

  async #runAgain(): Promise<number> {
    const policy = isSidecar(this.#spec) ? "Always" : (this.#pod.pod.spec.restartPolicy ?? "Always");
    for (let restarts = 0; ; restarts += 1) {
      const code = await this.#run();
      const again = policy === "Always" || (policy === "OnFailure" && code !== 0);
      if (!again || this.#ends) return code;
      const wait = RESTART_BACKOFF_MS * 2 ** restarts;
      this.#pod.update((draft) => {
        const status = statusOf(draft, this.#spec.name);
        status.lastState = status.state ?? {};
        status.state = {
          waiting: {
            reason: "CrashLoopBackOff",
            message: `back-off ${wait / 1000}s restarting failed container=${this.#spec.name} pod=${draft.metadata.name}_${draft.metadata.namespace}(${draft.metadata.uid})`,
          },
        };
        status.restartCount += 1;
      });
      this.#pod.tell(
        "BackOff",
        `Back-off restarting failed container ${this.#spec.name} in pod ${this.#pod.pod.metadata.name}`,
        this.#spec.name,
        "Warning",
      );
      await this.#pod.wait(Math.min(wait, 300_000));
      if (this.#ends) return code;
    }
  }

  get #ends(): boolean {
    return this.#stopping || this.#pod.stopped.aborted;
  }

  async #run(): Promise<number> {
    const { client, registry } = this.#pod.parts;
    const { name } = this.#spec;
    const image = await this.#image();
    if (image === undefined) return 137;
    const id = await this.#make(image.user);
    if (id === undefined) return 137;
    const container = client.getContainer(id);
    this.#made.push(id);
    this.#id = id;
    this.#pod.tell("Created", "Container created", name);
    try {
      await container.start();
    } catch (error) {
      this.#pod.tell("Failed", `Error: ${words(error)}`, name, "Warning");
      return this.#endedBy(128, "StartError", words(error));
    }
    this.#running = true;
    // Stopped between its making and its start: the stop before found nothing that ran.
    if (this.#ends) void container.stop({ t: 0 }).catch(() => {});
    this.#pod.tell("Started", "Container started", name);
    const ready = this.#spec.startupProbe === undefined;
    this.#pod.update((draft) => {
      Object.assign(statusOf(draft, name), {
        state: { running: { startedAt: kubeTime(registry.now()) } },
        ready: ready && this.#spec.readinessProbe === undefined,
        started: ready,
        imageID: image.id,
        containerID: `docker://${id}`,
      });
    });
    if (ready) this.#started?.();
    const probes = this.#probe(id);
    await container.wait();
    this.#running = false;
    await probes;
    const { State } = await container.inspect();
    const oom = State.OOMKilled && State.ExitCode !== 0;
    const code = State.ExitCode;
    return this.#endedBy(code, oom ? "OOMKilled" : code === 0 ? "Completed" : "Error");
  }

  /** Undefined: the pod ended before the image could be had. */
  async #image(): Promise<{ readonly id: string; readonly user: string } | undefined> {
    const { client, pullBackoffMs } = this.#pod.parts;
    const { name, image = "" } = this.#spec;
    for (let tries = 0; !this.#ends; tries += 1) {
      const found = await imagePresence(client, this.#spec);
      if (found.kind === "there") {
        this.#pod.tell(
          "Pulled",
          `Container image "${image}" already present on machine and can be accessed by the pod`,
          name,
        );
        return found;
      }
      const { reason, message } = found;
      this.#waiting(reason, message);
      if (reason === "ErrImagePull") {
        this.#pod.tell("Pulling", `Pulling image "${image}"`, name);
        this.#pod.tell("Failed", `Failed to pull image "${image}": ${message}`, name, "Warning");
        this.#pod.tell("Failed", "Error: ErrImagePull", name, "Warning");
        await this.#pod.wait(Math.min(1_000, pullBackoffMs / 2));
        if (this.#ends) return undefined;
        this.#waiting("ImagePullBackOff", `Back-off pulling image "${image}": ErrImagePull: ${message}`);
        this.#pod.tell("BackOff", `Back-off pulling image "${image}"`, name);
        this.#pod.tell("Failed", "Error: ImagePullBackOff", name, "Warning");
      } else if (reason === "ErrImageNeverPull") {
        this.#pod.tell("ErrImageNeverPull", message, name, "Warning");
        this.#pod.tell("Failed", `Error: ${reason}`, name, "Warning");
      } else {
        this.#pod.tell("InspectFailed", message, name, "Warning");
        this.#pod.tell("Failed", `Error: ${reason}`, name, "Warning");
      }
      await this.#pod.wait(Math.min(pullBackoffMs * 2 ** tries, LONGEST_PULL_BACKOFF_MS));
    }
    return undefined;
  }

  async #make(imageUser: string): Promise<string | undefined> {
    const { client, registry, labels } = this.#pod.parts;
    const { pod, folders, sandboxId } = this.#pod;
    const current = registry.store.get("pods", pod.metadata.namespace, pod.metadata.name) ?? pod;
    while (!this.#ends) {
      try {
        const env = containerEnv(registry, current, this.#spec);
        const mounts = containerMounts(pod, this.#spec, folders, env);
        const options = containerOptions(pod, this.#spec, { sandboxId, mounts, env, labels, imageUser });
        return (await client.createContainer(options)).id;
      } catch (error) {
        const reason =
          error instanceof ContainerConfigError ? "CreateContainerConfigError" : "CreateContainerError";
        this.#waiting(reason, words(error));
        this.#pod.tell("Failed", `Error: ${words(error)}`, this.#spec.name, "Warning");
        await this.#pod.wait(1_000);
      }
    }
    return undefined;
  }

  /** Startup first, then readiness, until it has ended. */
  async #probe(id: string): Promise<void> {
    const { startupProbe, readinessProbe } = this.#spec;
    let failures = 0;
    let started = startupProbe === undefined;
    while (this.#running && (!started || readinessProbe !== undefined)) {
      const probe = started ? readinessProbe : startupProbe;
      if (probe === undefined) break;
      const well = await probeSucceeds(this.#pod.parts.client, id, this.#pod.podIp, this.#spec, probe);
      if (!this.#running) return;
      failures = well ? 0 : failures + 1;
      if (!started && well) {
        started = true;
        this.#say({ started: true, ready: readinessProbe === undefined });
        this.#started?.();
        continue;
      }
      if (!started && failures >= (probe.failureThreshold ?? 3)) {
        const { name } = this.#spec;
        this.#pod.tell("Unhealthy", `Startup probe failed`, name, "Warning");
        this.#pod.tell("Killing", `Container ${name} failed startup probe, will be restarted`, name);
        await this.#pod.parts.client
          .getContainer(id)
          .stop({ t: 1 })
          .catch(() => {});
        return;
      }
      if (started) this.#say({ ready: well });
      await this.#pod.wait((probe.periodSeconds ?? 10) * 1000);
      if (this.#pod.stopped.aborted) return;
    }
  }

  #say(fields: { readonly started?: boolean; readonly ready?: boolean }): void {
    this.#pod.update((draft) => Object.assign(statusOf(draft, this.#spec.name), fields));
  }

  #waiting(reason: string, message: string): void {
    this.#pod.update((draft) => {
      statusOf(draft, this.#spec.name).state = { waiting: { reason, message } };
    });
  }

  async #endedBy(exitCode: number, reason: string, startError?: string): Promise<number> {
    const message = startError ?? (await this.#message(exitCode));
    this.#pod.update((draft) => {
      const status = statusOf(draft, this.#spec.name);
      const now = kubeTime(this.#pod.parts.registry.now());
      const state: ContainerState = {
        terminated: {
          exitCode,
          reason,
          startedAt: status.state?.running?.startedAt ?? now,
          finishedAt: now,
          ...(message === "" ? {} : { message }),
          containerID: `docker://${this.#id}`,
        },
      };
      status.state = state;
      status.ready = false;
      status.started = false;
    });
    return exitCode;
  }

  async #message(exitCode: number): Promise<string> {
    const file = messageFile(this.#spec, this.#pod.folders);
    let bytes: Buffer = Buffer.alloc(0);
    try {
      bytes = readFileSync(file);
    } catch {
      // The pod's folder is gone with the pod.
    }
    const message = bytes.subarray(Math.max(0, bytes.length - MESSAGE_LIMIT_BYTES)).toString("utf8");
    if (message !== "" || exitCode === 0 || this.#id === undefined) return message;
    if (this.#spec.terminationMessagePolicy !== "FallbackToLogsOnError") return message;
    const query = { container: this.#spec.name, follow: false, previous: false, tailLines: 80 };
    const lines: Buffer[] = [];
    const signal = new AbortController().signal;
    for await (const { bytes: line } of dockerLog(this.#pod.parts.client, this.#id, query, signal))
      lines.push(line);
    const log = Buffer.concat(lines);
    return log.subarray(Math.max(0, log.length - 2048)).toString("utf8");
  }
}

function words(error: unknown): string {
  const body: unknown = typeof error === "object" && error !== null ? Reflect.get(error, "json") : undefined;
  const said: unknown = typeof body === "object" && body !== null ? Reflect.get(body, "message") : undefined;
  if (typeof said === "string") return said;
  return error instanceof Error ? error.message : String(error);
}
