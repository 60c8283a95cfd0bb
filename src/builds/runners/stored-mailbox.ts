import type { Clock } from "../../clock.ts";
import type { EventBus } from "../../events/event-bus.ts";
import type { JobAttemptName } from "../../executors/executor.ts";
import { commandKey } from "../../executors/push/command-key.ts";
import type { FrameBatch } from "../../executors/push/frame-batch.ts";
import type { BatchAcceptance, FrameInbox } from "../../executors/push/frame-inbox.ts";
import type { RunnerMailbox } from "../../executors/push/runner-mailbox.ts";
import type { JobTokens } from "../../identity/job-tokens.ts";
import { newId } from "../../new-id.ts";
import type { FrameSink } from "../../protocol/frame-sink.ts";
import type { CommandsAnswer, NumberedCommand, PushTarget } from "../../protocol/push-protocol.ts";
import { parseRunnerCommand, type RunnerCommand } from "../../protocol/runner-command.ts";
import type { Store } from "../../store/store.ts";
import { CommandListeners } from "./command-listeners.ts";
import { followMailbox } from "./follow-mailbox.ts";
import { MailboxWatch } from "./mailbox-watch.ts";
import { RecentBatches } from "./recent-batches.ts";

export interface StoredMailboxOptions {
  readonly store: Pick<Store, "runners">;
  readonly tokens: Pick<JobTokens, "issue" | "identify">;
  readonly events: EventBus;
  readonly clock: Clock;
  /** Where runners reach the server, without a slash at the end. */
  readonly url: string;
  /** Of what was accepted from one runner and not read yet; past it the runner is asked for time. 256 MiB where absent. */
  readonly maxUnreadBytes?: number;
  /** 2 s where absent. */
  readonly pollMs?: number;
  /** How long the records may be away from who follows; 2 min where absent. */
  readonly patienceMs?: number;
}

const MAX_UNREAD_BYTES = 256 * 1024 * 1024;
const MAX_RECENT_BYTES = 32 * 1024 * 1024;
const POLL_MS = 2_000;
const PATIENCE_MS = 120_000;

/**
 * Mailboxes in the records: any server takes frames and hands out commands, and the one worker that has the build under its
 * lease reads (docs/adr/0015-frames-by-push.md).
 */
export class StoredMailbox implements RunnerMailbox, FrameInbox {
  readonly #options: StoredMailboxOptions;
  readonly #watch: MailboxWatch;
  readonly #listeners: CommandListeners;
  readonly #recent = new RecentBatches(MAX_RECENT_BYTES);

  constructor(options: StoredMailboxOptions) {
    const { store, events, clock, pollMs = POLL_MS } = options;
    this.#options = options;
    this.#watch = new MailboxWatch({ runners: store.runners, events, clock, pollMs });
    this.#listeners = new CommandListeners(events);
  }

  async open(job: JobAttemptName): Promise<PushTarget> {
    const { store, tokens, clock, url } = this.#options;
    const { buildId, jobKey, attempt } = job;
    const token = await tokens.issue({ buildId, jobKey, attempt, github: {} }, "runner");
    await store.runners.open(job, clock.now());
    return { url, token };
  }

  async follow(job: JobAttemptName, afterSeq: number, sink: FrameSink, signal: AbortSignal): Promise<void> {
    const { store, clock, patienceMs = PATIENCE_MS } = this.#options;
    const watched = this.#watch.add(job);
    const recent = this.#recent;
    const endRecent = recent.follow(job);
    try {
      await followMailbox(job, afterSeq, sink, signal, {
        runners: store.runners,
        watched,
        recent,
        clock,
        patienceMs,
      });
    } finally {
      endRecent();
      watched.end();
    }
  }

  async send(job: JobAttemptName, command: RunnerCommand): Promise<void> {
    const { store, clock } = this.#options;
    const once = commandKey(command, newId(clock.now()));
    await store.runners.send(job, { once, json: JSON.stringify(command) });
    this.#tellCommand(job);
  }

  async lastHeard(job: JobAttemptName): Promise<number | undefined> {
    const [state] = await this.#options.store.runners.states([job]);
    return state?.heardAt;
  }

  async close(job: JobAttemptName): Promise<void> {
    await this.#options.store.runners.close(job);
    this.#tellCommand(job);
  }

  async admit(token: string): Promise<JobAttemptName> {
    const { job } = await this.#options.tokens.identify(token, "runner");
    return { buildId: job.buildId, jobKey: job.jobKey, attempt: job.attempt };
  }

  async accept(job: JobAttemptName, batch: FrameBatch): Promise<BatchAcceptance> {
    const { store, events, clock, maxUnreadBytes = MAX_UNREAD_BYTES } = this.#options;
    const answer = await store.runners.accept(job, batch, clock.now(), maxUnreadBytes);
    if (answer.kind === "accepted") {
      this.#recent.put(job, batch, answer.endByte);
      events.publish({ ...nameOf(job), type: "runner.frames", seq: answer.acceptedSeq });
    }
    return answer;
  }

  async commands(job: JobAttemptName, after: number): Promise<CommandsAnswer | undefined> {
    const { store, clock } = this.#options;
    const found = await store.runners.commands(job, after, clock.now());
    if (found === undefined) return undefined;
    const commands = found.commands.flatMap(({ number, json }): NumberedCommand[] => {
      const command = parseRunnerCommand(json);
      return command === undefined ? [] : [{ number, command }];
    });
    return { commands, accepted: found.acceptedSeq };
  }

  onCommand(job: JobAttemptName, wake: () => void): () => void {
    return this.#listeners.add(job, wake);
  }

  /** Lets go of subscriptions. */
  stop(): Promise<void> {
    return this.#listeners.close();
  }

  #tellCommand(job: JobAttemptName): void {
    this.#options.events.publish({ ...nameOf(job), type: "runner.command" });
  }
}

function nameOf({ buildId, jobKey, attempt }: JobAttemptName): JobAttemptName {
  return { buildId, jobKey, attempt };
}
