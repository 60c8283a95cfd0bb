import { EXIT, type ExitCode } from "../exit-code.ts";
import type { Io } from "../io.ts";
import { parseOptions } from "../options/parse-options.ts";
import { QUEUE } from "../options/remote-options.ts";
import { connect } from "../remote/connect.ts";
import { ago, say, show, showFacts } from "../remote/show.ts";
import { UsageError } from "../usage-error.ts";

interface DeadLetterAnswer {
  readonly buildId?: string;
  readonly raw?: string;
  readonly reason: string;
  readonly deliveries: number;
  readonly at: string;
}

/** `slipway queue`. */
export async function queue(args: readonly string[], io: Io): Promise<ExitCode> {
  const { values, positionals } = parseOptions(QUEUE, args);
  if (values.help) return (await import("./help.ts")).help([QUEUE.name], io);
  const [verb = "list", buildId] = positionals;
  const remote = await connect(values, io);
  switch (verb) {
    case "list": {
      const answer = await remote.get<
        { builds: { readonly [state: string]: unknown } } & { readonly [name: string]: unknown }
      >("/queue");
      const { builds, ...messages } = answer;
      await showFacts(io, values.json, answer, [
        ...Object.entries(messages).map(([name, value]) => [`messages: ${name}`, String(value)] as const),
        ...Object.entries(builds).map(([name, value]) => [`builds: ${name}`, String(value)] as const),
      ]);
      return EXIT.ok;
    }
    case "show": {
      const { items } = await remote.get<{ items: readonly DeadLetterAnswer[] }>("/queue/dead-letters", {
        query: { limit: 1000 },
      });
      const now = io.clock.now();
      const rows = items.map((letter) => [
        letter.buildId ?? letter.raw ?? "",
        `${letter.deliveries}`,
        ago(letter.at, now),
        letter.reason,
      ]);
      await show(io, values.json, items, ["dead letter", "tries", "since", "reason"], rows);
      return EXIT.ok;
    }
    case "requeue": {
      const body = buildId === undefined ? {} : { buildId };
      const answer = await remote.send<{ requeued: number }>("POST", "/queue/requeue", { body });
      await say(io, values.json, answer, `Put ${answer.requeued} back into the queue.`);
      return EXIT.ok;
    }
    default:
      throw new UsageError(`There is no "slipway queue ${verb}".`, "There are: list, show, requeue.");
  }
}
