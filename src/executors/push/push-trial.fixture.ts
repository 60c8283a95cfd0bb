import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, expect, onTestFinished, vi } from "vitest";
import { type Clock, systemClock } from "../../clock.ts";
import type { Frame } from "../../protocol/frame.ts";
import type { RunnerCommand } from "../../protocol/runner-command.ts";
import type { JobAttemptName } from "../executor.ts";
import { createPushSink, type PushSink, type PushSinkOptions } from "./push-sink.ts";
import { type MailboxServer, startMailboxServer } from "./testing/mailbox-server.ts";
import { type ScriptedServer, scriptedServer } from "./testing/scripted-server.ts";

/** On a machine that has much else to do. */
export const until = <T>(look: () => T | Promise<T>) => vi.waitFor(look, 15_000);

export const JOB: JobAttemptName = { buildId: "b", jobKey: "j", attempt: 1 };

export let folder: string;
export let said: string[];
export let told: RunnerCommand[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "slipway-push-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  said = [];
  told = [];
});

export function pusher(url: string, change: Partial<PushSinkOptions> = {}, token = "t"): PushSink {
  const push = createPushSink({
    target: { url, token },
    spoolDirectory: join(folder, "spool"),
    clock: systemClock,
    fetch,
    random: Math.random,
    onCommand: (command) => told.push(command),
    say: (text) => said.push(text),
    ...change,
    limits: { tickMs: 20, ...change.limits },
  });
  onTestFinished(async () => {
    await push.finish();
  });
  return push;
}

export async function scripted(...args: Parameters<typeof scriptedServer>): Promise<ScriptedServer> {
  const server = await scriptedServer(...args);
  onTestFinished(() => server.close());
  return server;
}

export async function mailboxServer(clock: Clock = systemClock): Promise<MailboxServer> {
  const server = await startMailboxServer(clock);
  onTestFinished(async () => {
    await server.close();
    expect(server.unexpected).toEqual([]);
  });
  return server;
}

/** Frames as a server has them, followed until the end of the job. */
export async function follow({ mailbox }: MailboxServer): Promise<Frame[]> {
  const frames: Frame[] = [];
  await mailbox.follow(JOB, 0, (frame) => void frames.push(frame), new AbortController().signal);
  return frames;
}

export async function push(frames: readonly Frame[], { sink }: PushSink): Promise<void> {
  for (const frame of frames) await sink(frame);
}

export const seqs = (frames: readonly Frame[]) => frames.map(({ seq }) => seq);
export const upTo = (last: number) => Array.from({ length: last }, (_, i) => i + 1);
export const spoolFiles = () => (existsSync(join(folder, "spool")) ? readdirSync(join(folder, "spool")) : []);
