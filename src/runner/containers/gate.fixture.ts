import { type ChildProcess, spawn } from "node:child_process";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import { systemClock } from "../../clock.ts";
import { ExecError } from "../../errors.ts";
import type { ImageConfig } from "../../protocol/runner-message.ts";
import type { ContainerEnd, StartedContainer, StepContainers } from "./step-containers.ts";

const GATE = fileURLToPath(new URL("../../executors/container/gate-main.ts", import.meta.url));

export interface GateProcess {
  readonly child: ChildProcess;
  readonly exit: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>;
}

/** The real gate as a process of this machine: what a container's first process would be. */
export function spawnGate(socket: string, env: { readonly [name: string]: string }): GateProcess {
  const child = spawn(process.execPath, [GATE, socket], { env, stdio: ["ignore", "inherit", "inherit"] });
  const exit = new Promise<Awaited<GateProcess["exit"]>>((resolve) => {
    child.once("exit", (code, signal) => resolve({ code, signal }));
  });
  return { child, exit };
}

/** What a step asked for, in the order it was asked for. */
export interface ScriptedContainer {
  readonly id: string;
  readonly container: Parameters<StepContainers["start"]>[1];
  readonly gate?: GateProcess;
  removed: boolean;
}

export interface ScriptedContainersOptions {
  /** What each image says of itself; one that is not named cannot be pulled. */
  readonly images: { readonly [name: string]: ImageConfig };
  /** The environment of its containers. */
  readonly env?: { readonly [name: string]: string };
  /** False: its gates never come. */
  readonly gates?: boolean;
}

/** Containers that are processes of this machine. An image that is built is called as its folder. */
export class ScriptedContainers implements StepContainers {
  readonly started: ScriptedContainer[] = [];
  readonly #options: ScriptedContainersOptions;
  readonly #ends = new Map<string, (end: ContainerEnd) => void>();

  constructor(options: ScriptedContainersOptions) {
    this.#options = options;
  }

  start(...[id, container, log]: Parameters<StepContainers["start"]>): StartedContainer {
    const { images, env = { PATH: process.env.PATH ?? "", HOME: "/image-home" }, gates } = this.#options;
    const { image } = container;
    const name = image.kind === "pull" ? image.name : basename(image.context);
    const config = images[name];
    log(`Pulling ${name}`);
    const ended = Promise.withResolvers<ContainerEnd>();
    this.#ends.set(id, ended.resolve);
    if (config === undefined) {
      this.started.push({ id, container, removed: false });
      return {
        ready: Promise.reject(new ExecError("NotFound", `There is no image '${name}'.`)),
        ended: ended.promise,
        remove() {},
      };
    }
    const gate = gates === false ? undefined : spawnGate(container.gateSocket, env);
    const entry: ScriptedContainer = {
      id,
      container,
      ...(gate === undefined ? {} : { gate }),
      removed: false,
    };
    this.started.push(entry);
    return {
      ready: Promise.resolve(config),
      ended: ended.promise,
      remove() {
        entry.removed = true;
        gate?.child.kill("SIGKILL");
      },
    };
  }

  /** The container ends, as the engine tells it. */
  end(id: string, end: ContainerEnd): void {
    this.started.find((entry) => entry.id === id)?.gate?.child.kill("SIGKILL");
    this.#ends.get(id)?.(end);
  }

  /** Waits until all gates are gone. */
  async close(): Promise<void> {
    for (const { gate } of this.started) gate?.child.kill("SIGKILL");
    await Promise.all(this.started.map(({ gate }) => gate?.exit));
  }
}

/** Waits for something that another process does; fails after 10 s. */
export async function until(condition: () => boolean): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error("It did not come to be within 10 s.");
    await new Promise<void>((resolve) => systemClock.after(10, resolve));
  }
}
