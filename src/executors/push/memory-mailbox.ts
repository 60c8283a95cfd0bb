import { randomBytes } from "node:crypto";
import type { Clock } from "../../clock.ts";
import { ExecError } from "../../errors.ts";
import type { FrameSink } from "../../protocol/frame-sink.ts";
import type { CommandsAnswer, NumberedCommand, PushTarget } from "../../protocol/push-protocol.ts";
import type { RunnerCommand } from "../../protocol/runner-command.ts";
import type { JobAttemptName } from "../executor.ts";
import { commandKey } from "./command-key.ts";
import type { FrameBatch } from "./frame-batch.ts";
import type { BatchAcceptance, FrameInbox } from "./frame-inbox.ts";
import type { RunnerMailbox } from "./runner-mailbox.ts";

interface Box {
  readonly job: JobAttemptName;
  readonly token: string;
  readonly batches: FrameBatch[];
  readonly commands: NumberedCommand[];
  readonly keys: Set<string>;
  readonly listeners: Set<() => void>;
  acceptedSeq: number;
  heardAt: number | undefined;
}

/** Mailboxes of one process, gone with it. They keep all frames until they are closed. */
export class MemoryMailbox implements RunnerMailbox, FrameInbox {
  readonly #url: () => string;
  readonly #clock: Pick<Clock, "now">;
  readonly #boxes = new Map<string, Box>();

  /** `url`: where the server that hands its requests to this mailbox is reached. */
  constructor(url: () => string, clock: Pick<Clock, "now">) {
    this.#url = url;
    this.#clock = clock;
  }

  async open(job: JobAttemptName): Promise<PushTarget> {
    const key = keyOf(job);
    const box = this.#boxes.get(key) ?? newBox(job);
    this.#boxes.set(key, box);
    return { url: this.#url(), token: box.token };
  }

  async follow(job: JobAttemptName, afterSeq: number, sink: FrameSink, signal: AbortSignal): Promise<void> {
    const box = this.#boxOf(job);
    let lastSeq = afterSeq;
    for (let index = 0; !signal.aborted; ) {
      const batch = box.batches[index];
      if (batch === undefined) {
        if (this.#boxes.get(keyOf(job)) !== box) throw closed(job);
        await changed(box, signal);
        continue;
      }
      index += 1;
      for (const frame of batch.frames) {
        if (signal.aborted) return;
        if (frame.seq <= lastSeq && frame.type !== "job.finished") continue;
        lastSeq = frame.seq;
        await sink(frame);
      }
      if (batch.final) return;
    }
  }

  async send(job: JobAttemptName, command: RunnerCommand): Promise<void> {
    const box = this.#boxOf(job);
    const key = commandKey(command, String(box.commands.length));
    if (box.keys.has(key)) return;
    box.keys.add(key);
    box.commands.push({ number: box.commands.length + 1, command });
    tell(box);
  }

  async lastHeard(job: JobAttemptName): Promise<number | undefined> {
    return this.#boxes.get(keyOf(job))?.heardAt;
  }

  async close(job: JobAttemptName): Promise<void> {
    const box = this.#boxes.get(keyOf(job));
    this.#boxes.delete(keyOf(job));
    if (box !== undefined) tell(box);
  }

  async admit(token: string): Promise<JobAttemptName> {
    for (const box of this.#boxes.values()) if (box.token === token) return box.job;
    throw new ExecError("Unauthorized", "the token is none of a live job's here");
  }

  async accept(job: JobAttemptName, batch: FrameBatch): Promise<BatchAcceptance> {
    const box = this.#boxes.get(keyOf(job));
    if (box === undefined) return { kind: "closed" };
    box.heardAt = this.#clock.now();
    if (batch.firstSeq !== box.acceptedSeq + 1) return { kind: "refused", acceptedSeq: box.acceptedSeq };
    box.acceptedSeq = batch.lastSeq;
    box.batches.push(batch);
    tell(box);
    return { kind: "accepted", acceptedSeq: box.acceptedSeq };
  }

  async commands(job: JobAttemptName, after: number): Promise<CommandsAnswer | undefined> {
    const box = this.#boxes.get(keyOf(job));
    if (box === undefined) return undefined;
    box.heardAt = this.#clock.now();
    return { commands: box.commands.filter(({ number }) => number > after), accepted: box.acceptedSeq };
  }

  onCommand(job: JobAttemptName, wake: () => void): () => void {
    const box = this.#boxes.get(keyOf(job));
    box?.listeners.add(wake);
    return () => box?.listeners.delete(wake);
  }

  #boxOf(job: JobAttemptName): Box {
    const box = this.#boxes.get(keyOf(job));
    if (box === undefined) throw closed(job);
    return box;
  }
}

function newBox(job: JobAttemptName): Box {
  return {
    job: { buildId: job.buildId, jobKey: job.jobKey, attempt: job.attempt },
    token: randomBytes(24).toString("base64url"),
    batches: [],
    commands: [],
    keys: new Set(),
    listeners: new Set(),
    acceptedSeq: 0,
    heardAt: undefined,
  };
}

const keyOf = ({ buildId, jobKey, attempt }: JobAttemptName) => JSON.stringify([buildId, jobKey, attempt]);

const closed = ({ buildId, jobKey }: JobAttemptName) =>
  new ExecError("NotFound", `no runner of the job ${jobKey} of build ${buildId} is waited for`);

function tell(box: Box): void {
  for (const listener of [...box.listeners]) listener();
}

async function changed(box: Box, signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve) => {
    const done = () => {
      box.listeners.delete(done);
      signal.removeEventListener("abort", done);
      resolve();
    };
    box.listeners.add(done);
    signal.addEventListener("abort", done);
    if (signal.aborted) done();
  });
}
