import { COMMANDS_PATH } from "../../protocol/push-protocol.ts";
import { parseRunnerCommand, type RunnerCommand } from "../../protocol/runner-command.ts";
import { Backoff, type BackoffOptions } from "./backoff.ts";
import { callServer, type ServerAnswer, type ServerCallOptions } from "./server-call.ts";

export interface CommandPollOptions extends ServerCallOptions {
  readonly clock: BackoffOptions["clock"];
  readonly random: () => number;
  /** Each command once, in order. */
  readonly onCommand: (command: RunnerCommand) => void;
  readonly waitSeconds: number;
  /** Beyond the wait. */
  readonly answerLimitMs: number;
}

/** Asks for commands until the signal; gives a reason where the job is over for the server. */
export async function pollCommands(
  options: CommandPollOptions,
  signal: AbortSignal,
): Promise<string | undefined> {
  const { waitSeconds, answerLimitMs, onCommand } = options;
  const backoff = new Backoff(options);
  let after = 0;
  while (!signal.aborted) {
    const path = `${COMMANDS_PATH}?after=${after}&wait=${waitSeconds}`;
    const limitMs = waitSeconds * 1000 + answerLimitMs;
    const answer = await callServer(path, { method: "GET" }, limitMs, signal, options).catch(() => undefined);
    if (signal.aborted) return undefined;
    if (answer?.status === 401) return "the job has ended for the server";
    const commands = answer === undefined ? undefined : commandsOf(answer);
    if (commands === undefined) {
      await backoff.wait(signal, answer?.retryAfterMs);
      continue;
    }
    backoff.reset();
    for (const { number, command } of commands) {
      if (number <= after) continue;
      after = number;
      if (command !== undefined) onCommand(command);
    }
  }
  return undefined;
}

/** Undefined for what is no answer. A command that is not known here is passed over: it may come from a newer worker. */
function commandsOf({
  status,
  body,
}: ServerAnswer):
  | readonly { readonly number: number; readonly command: RunnerCommand | undefined }[]
  | undefined {
  if (status !== 200 || !Array.isArray(body.commands)) return undefined;
  return body.commands
    .flatMap((each: unknown) => {
      const { number, command } = (each ?? {}) as { number?: unknown; command?: unknown };
      if (!Number.isSafeInteger(number)) return [];
      return [{ number: Number(number), command: parseRunnerCommand(JSON.stringify(command ?? null)) }];
    })
    .sort((a, b) => a.number - b.number);
}
