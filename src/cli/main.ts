import { suggest } from "../spec/suggest.ts";
import { EXIT, type ExitCode } from "./exit-code.ts";
import type { Io } from "./io.ts";
import { UsageError } from "./usage-error.ts";

type Command = (args: readonly string[], io: Io) => Promise<ExitCode>;

/** Each command is loaded only when it is asked for: what the others need would cost every start. */
const COMMANDS: { readonly [name: string]: () => Promise<Command> } = {
  run: async () => (await import("./commands/run.ts")).run,
  validate: async () => (await import("./commands/validate.ts")).validate,
  list: async () => (await import("./commands/list.ts")).list,
  graph: async () => (await import("./commands/graph.ts")).graph,
  serve: async () => (await import("./commands/serve.ts")).serve,
  login: async () => (await import("./commands/login.ts")).login,
  project: async () => (await import("./commands/project.ts")).project,
  secret: async () => (await import("./commands/settings.ts")).secret,
  variable: async () => (await import("./commands/settings.ts")).variable,
  trigger: async () => (await import("./commands/trigger.ts")).trigger,
  builds: async () => (await import("./commands/builds.ts")).builds,
  watch: async () => (await import("./commands/watch.ts")).watch,
  logs: async () => (await import("./commands/logs.ts")).logs,
  cancel: async () => (await import("./commands/cancel.ts")).cancel,
  rerun: async () => (await import("./commands/rerun.ts")).rerun,
  approve: async () => (await import("./commands/approve.ts")).approve,
  artifacts: async () => (await import("./commands/artifacts.ts")).artifacts,
  backup: async () => (await import("./commands/backup.ts")).backup,
  queue: async () => (await import("./commands/queue.ts")).queue,
  token: async () => (await import("./commands/token.ts")).token,
  completion: async () => (await import("./commands/completion.ts")).completion,
  help: async () => (await import("./commands/help.ts")).help,
  // Asked by the scripts that `completion` prints.
  __complete: async () => (await import("./commands/complete.ts")).complete,
};

/** Runs one command line (without the program's name) to its end. Never rejects. */
export async function main(argv: readonly string[], io: Io): Promise<ExitCode> {
  try {
    const [first = "help", ...rest] = argv;
    if (first === "--version" || first === "-V" || first === "version") {
      await io.stdout.write(`slipway ${(await import("../version.ts")).version}\n`);
      return EXIT.ok;
    }
    const name = first === "--help" || first === "-h" ? "help" : first;
    const load = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
    if (load === undefined) throw unknownCommand(name);
    const command = await load();
    return await command(rest, io);
  } catch (error) {
    const { reportError } = await import("./output/report-error.ts");
    return reportError(error, io);
  }
}

function unknownCommand(name: string): UsageError {
  if (name.startsWith("-"))
    return new UsageError(
      `${name} stands before a command.`,
      // The rest is not repeated: it may hold a secret.
      `Perhaps: slipway run ${name.split("=")[0]} …\nSee: slipway --help`,
    );
  const names = Object.keys(COMMANDS).filter((known) => !known.startsWith("_"));
  const meant = suggest(name, names);
  return new UsageError(
    `Unknown command "${name}".`,
    meant === undefined
      ? `Commands: ${names.join(", ")}. To run a pipeline, job or event: slipway run ${name}`
      : `Did you mean \`slipway ${meant}\`?`,
  );
}
