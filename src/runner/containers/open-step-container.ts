import type { Socket } from "node:net";
import { join } from "node:path";
import type { Clock } from "../../clock.ts";
import { ExecError } from "../../errors.ts";
import type { JobContainers, JobDirectories } from "../../protocol/job-request.ts";
import type { ImageConfig, StepContainerRequest } from "../../protocol/runner-message.ts";
import { cannotBuild } from "./cannot-build.ts";
import { type GateListener, listenForGate } from "./listen-for-gate.ts";
import { containerError } from "./run-through-gate.ts";
import type { ContainerEnd, StepContainers } from "./step-containers.ts";

export type StepImage = StepContainerRequest["image"];

/** A container for one stage of one step, whose gate has answered. */
export interface StepContainer {
  readonly gate: Socket;
  /** Absent: it could not be found out. */
  readonly config?: ImageConfig;
  readonly ended: Promise<ContainerEnd>;
  close(): void;
}

export interface OpenOptions {
  /** As the step has it, for messages. */
  readonly uses: string;
  readonly image: StepImage;
  readonly options?: string;
  readonly signal: AbortSignal;
  readonly log: (line: string) => void;
}

/** So long a gate may take to answer once its container runs; where it stands in a pod, its image may be on its way yet. */
const ASKED_LIMIT_MS = 60_000;
const GATED_LIMIT_MS = 10 * 60_000;
const NEVER = new Promise<never>(() => {});

/** Gives the steps of one job their containers. */
export class StepContainerPlaces {
  readonly #containers: JobContainers;
  readonly #directories: JobDirectories;
  readonly #asked: StepContainers | undefined;
  readonly #clock: Clock;
  readonly #usedGates = new Set<string>();
  #count = 0;

  constructor(
    containers: JobContainers,
    directories: JobDirectories,
    asked: StepContainers | undefined,
    clock: Clock,
  ) {
    this.#containers = containers;
    this.#directories = directories;
    this.#asked = asked;
    this.#clock = clock;
  }

  /** Rejects with `ExecError`: no such container can be had, or not any more because the step is cancelled. */
  async open(options: OpenOptions): Promise<StepContainer> {
    const { steps } = this.#containers;
    switch (steps.kind) {
      case "none":
        throw new ExecError("InvalidSpec", steps.reason);
      case "gated":
        return await this.#openGated(steps.gates, options);
      case "asked":
        return await this.#openAsked(options);
    }
  }

  async #openGated(
    gates: Extract<JobContainers["steps"], { kind: "gated" }>["gates"],
    { image, uses, signal }: OpenOptions,
  ): Promise<StepContainer> {
    if (image.kind === "build") throw cannotBuild(uses);
    const gate = gates.find((each) => each.image === image.name && !this.#usedGates.has(each.socket));
    if (gate === undefined) throw noGate(image.name, gates);
    this.#usedGates.add(gate.socket);
    const { config } = gate;
    const listener = await listenForGate(gate.socket);
    const socket = await this.#connected(listener, NEVER, signal, GATED_LIMIT_MS);
    return {
      gate: socket,
      ...(config === undefined ? {} : { config }),
      ended: NEVER,
      close: () => listener.close(),
    };
  }

  async #openAsked({ image, options, signal, log }: OpenOptions): Promise<StepContainer> {
    if (this.#asked === undefined) {
      throw new ExecError("Permanent", "Nobody here makes containers for the steps of this job.");
    }
    const id = `step-${++this.#count}`;
    const path = join(this.#gatesFolder(), `${id}.sock`);
    const listener = await listenForGate(path);
    const wish = { image, gateSocket: path, ...(options === undefined ? {} : { options }) };
    const started = this.#asked.start(id, wish, log);
    const close = () => {
      listener.close();
      started.remove();
    };
    try {
      const config = await unlessAborted(started.ready, signal);
      const gate = await this.#connected(listener, started.ended, signal, ASKED_LIMIT_MS);
      return { gate, config, ended: started.ended, close };
    } catch (error) {
      close();
      throw error;
    }
  }

  /** Beside the job's temporary folder, where both sides see it. */
  #gatesFolder(): string {
    return join(this.#directories.temp, "..", "_gates");
  }

  async #connected(
    listener: GateListener,
    ended: Promise<ContainerEnd>,
    signal: AbortSignal,
    limitMs: number,
  ): Promise<Socket> {
    let takeBack = () => {};
    const late = new Promise<never>((_, reject) => {
      takeBack = this.#clock.after(limitMs, () =>
        reject(
          new ExecError("Transient", `The step's container did not answer within ${limitMs / 1_000} s.`),
        ),
      );
    });
    try {
      const failed = ended.then((end): never => {
        throw containerError(end);
      });
      return await unlessAborted(Promise.race([listener.connected, failed, late]), signal);
    } catch (error) {
      listener.close();
      throw error;
    } finally {
      takeBack();
    }
  }
}

function noGate(image: string, gates: readonly { readonly image: string }[]): ExecError {
  const known = [...new Set(gates.map((gate) => gate.image))];
  const prepared = known.length === 0 ? "none" : known.map((name) => `'${name}'`).join(", ");
  return new ExecError(
    "InvalidSpec",
    `No container with the image '${image}' is left in this job's pod (prepared: ${prepared}). Images are known before ` +
      "the job starts only where a step or an action that it names by a fixed ref says so; name the image in the " +
      "workflow itself, or run the job by the docker executor.",
  );
}

async function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = Promise.withResolvers<never>();
  const abort = () =>
    aborted.reject(new ExecError("Cancelled", "Cancelled while the step's container was made."));
  signal.addEventListener("abort", abort, { once: true });
  if (signal.aborted) abort();
  promise.catch(() => {});
  try {
    return await Promise.race([promise, aborted.promise]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}
