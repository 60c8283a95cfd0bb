import type { Clock } from "../../clock.ts";
import { ExecError } from "../../errors.ts";
import type { RunnerCommand } from "../../protocol/runner-command.ts";
import type { RunnerMessage, StepContainerRequest } from "../../protocol/runner-message.ts";
import { firstProcess } from "../kit/first-process.ts";
import { KIT } from "../kit/kit-layout.ts";
import { buildStepImage } from "./build-image.ts";
import { KEPT_LOG, limited } from "./container-limits.ts";
import { isCode } from "./daemon-errors.ts";
import type { ContainerFacts, ContainerSpec, DockerEngine, ImageFacts, MountSpec } from "./docker-engine.ts";
import { type JobNames, LABEL } from "./job-names.ts";
import { lastLines } from "./last-lines.ts";
import { type Limits, type OptionRules, parseCreateOptions } from "./parse-create-options.ts";
import { ensureImage, type PullSetting } from "./pull-image.ts";
import { bytesText } from "./quantities.ts";

export interface StepContainersSetting {
  readonly engine: DockerEngine;
  readonly clock: Clock;
  readonly names: JobNames;
  readonly pull: PullSetting;
  /** The job's container: its network is shared, and folders to build from are in it. */
  readonly job: string;
  readonly mounts: readonly MountSpec[];
  readonly rules: OptionRules;
  readonly defaults: Limits;
  readonly tell: (command: RunnerCommand) => void;
  readonly signal: AbortSignal;
}

const LOG_LINES = 10;

/** The containers that a job's runner asks for, one for each step that wants an image of its own. */
export class StepContainers {
  readonly #setting: StepContainersSetting;
  /** By id of the request: settles once its container is gone. */
  readonly #known = new Map<string, { readonly stop: AbortController; readonly done: Promise<void> }>();
  /** Of those the ones that another process made, and of which the runner has not asked since. */
  readonly #adopted = new Set<string>();

  constructor(setting: StepContainersSetting) {
    this.#setting = setting;
  }

  take(message: RunnerMessage): void {
    if (message.type === "container.remove") {
      void this.#remove(message.id);
      return;
    }
    // It is asked for still: whoever made the container never told the runner of it.
    if (this.#adopted.delete(message.id)) {
      this.#known.get(message.id)?.stop.abort();
      this.#known.delete(message.id);
    }
    this.#begin(message.id, (signal) => this.#start(message, signal));
  }

  /** Follows those that another process started. */
  async adopt(): Promise<void> {
    const { engine, names } = this.#setting;
    const found = await engine.listContainers({ ...names.own, [LABEL.role]: "step" });
    for (const { id: container, labels } of found) {
      const id = labels[LABEL.request];
      if (id === undefined || this.#known.has(id)) continue;
      this.#adopted.add(id);
      this.#begin(id, (signal) => this.#untilEnded(id, container, signal));
    }
  }

  #begin(id: string, action: (signal: AbortSignal) => Promise<void>): void {
    if (this.#known.has(id)) return;
    const stop = new AbortController();
    const done = action(AbortSignal.any([stop.signal, this.#setting.signal]));
    this.#known.set(id, { stop, done: done.catch(() => {}) });
  }

  async #start(
    { id, container }: Extract<RunnerMessage, { type: "container.start" }>,
    signal: AbortSignal,
  ): Promise<void> {
    const { tell } = this.#setting;
    let started: string;
    try {
      const image = await this.#image(id, container, signal);
      started = await this.#place(id, container, image, signal);
      tell({ type: "container.ready", id, image: { entrypoint: image.entrypoint, command: image.command } });
    } catch (error) {
      if (signal.aborted) return;
      tell({ type: "container.failed", id, error: error instanceof Error ? error.message : String(error) });
      return;
    }
    await this.#untilEnded(id, started, signal);
  }

  async #image(id: string, { image }: StepContainerRequest, signal: AbortSignal): Promise<ImageFacts> {
    const { engine, names, pull, job, tell } = this.#setting;
    const log = (text: string) => tell({ type: "container.log", id, text });
    if (image.kind === "pull") return await ensureImage({ image: image.name }, pull, log, signal);
    const tag = names.builtImage(id);
    await buildStepImage({ engine, job, tag, labels: names.labels("step"), ...image }, log, signal);
    const built = await engine.inspectImage(tag, signal);
    if (built === undefined)
      throw new ExecError("Permanent", `The image was built, and is gone again (${tag}).`);
    return built;
  }

  async #place(
    id: string,
    { gateSocket, options = "" }: StepContainerRequest,
    image: ImageFacts,
    signal: AbortSignal,
  ): Promise<string> {
    const { engine, names, job, mounts, rules, defaults } = this.#setting;
    const parsed = parseCreateOptions(options, "the step's container", rules);
    const spec: ContainerSpec = {
      ...parsed.container,
      Image: image.id,
      Entrypoint: firstProcess(KIT.gate, gateSocket),
      Cmd: [],
      Labels: { ...parsed.container.Labels, ...names.labels("step", { [LABEL.request]: id }) },
      HostConfig: {
        ...limited(parsed.host, defaults),
        NetworkMode: `container:${job}`,
        Mounts: [...mounts, ...(parsed.host.Mounts ?? [])],
        LogConfig: KEPT_LOG,
        RestartPolicy: { Name: "no" },
      },
    };
    try {
      const container = await engine.createContainer(names.step(id), spec, signal);
      await engine.startContainer(container, signal);
      return container;
    } catch (error) {
      if (!isCode(error, "Conflict")) throw error;
      const there = await engine.inspectContainer(names.step(id), signal);
      if (there === undefined) throw error;
      if (there.status === "created") await engine.startContainer(there.id, signal);
      return there.id;
    }
  }

  async #untilEnded(id: string, container: string, signal: AbortSignal): Promise<void> {
    const { engine, tell } = this.#setting;
    let facts: ContainerFacts | undefined;
    do {
      // Its log ends with it; what is in it is the gate's own.
      const log = await engine.logs(container, { follow: true, lastLines: 0 }, signal).catch(() => undefined);
      if (log !== undefined) await drained(log);
      facts = await engine.inspectContainer(container, signal);
    } while (facts?.status === "running" && !signal.aborted);
    if (signal.aborted) return;
    const outOfMemory = facts?.outOfMemory ?? false;
    const words =
      facts === undefined || facts.exitCode === 0
        ? []
        : await lastLines(engine, container, LOG_LINES, signal);
    const error = endText(facts, words);
    tell({
      type: "container.ended",
      id,
      outOfMemory,
      ...(facts === undefined ? {} : { exitCode: facts.exitCode }),
      ...(error === undefined ? {} : { error }),
    });
  }

  async #remove(id: string): Promise<void> {
    const { engine, names, tell, signal } = this.#setting;
    const known = this.#known.get(id);
    known?.stop.abort();
    await known?.done;
    if (signal.aborted) return;
    try {
      await engine.removeContainer(names.step(id));
      await engine.removeImage(names.builtImage(id));
    } catch {
      // The job's own end takes it away.
    }
    tell({ type: "container.ended", id, outOfMemory: false });
  }
}

async function drained(log: AsyncIterable<unknown>): Promise<void> {
  try {
    for await (const _ of log);
  } catch {
    // The connection broke: the state says whether it goes on.
  }
}

function endText(facts: ContainerFacts | undefined, words: readonly string[]): string | undefined {
  if (facts === undefined) return "Somebody removed the step's container.";
  if (facts.outOfMemory) {
    const limit = facts.memoryLimitBytes === 0 ? "" : ` (limit ${bytesText(facts.memoryLimitBytes)})`;
    return `The step's container ran out of memory${limit}.`;
  }
  return words.length === 0 ? undefined : words.join("\n");
}
