import { suggest } from "../../spec/suggest.ts";
import { EXIT, type ExitCode } from "../exit-code.ts";
import type { Io } from "../io.ts";
import { COMMANDS } from "../options/command-specs.ts";
import { commandHelp, programHelp } from "../options/help-text.ts";
import { UsageError } from "../usage-error.ts";

/** `slipway help [command]`. */
export async function help(args: readonly string[], io: Io): Promise<ExitCode> {
  const [name] = args.filter((arg) => !arg.startsWith("-"));
  const columns = io.stdout.isTTY ? io.stdout.columns : 100;
  if (name === undefined) {
    await io.stdout.write(programHelp(COMMANDS, columns));
    return EXIT.ok;
  }
  const command = COMMANDS.find((candidate) => candidate.name === name);
  if (command === undefined) {
    const names = COMMANDS.map((candidate) => candidate.name);
    const meant = suggest(name, names);
    throw new UsageError(
      `There is no command "${name}".`,
      meant === undefined ? `Commands: ${names.join(", ")}.` : `Did you mean "${meant}"?`,
    );
  }
  await io.stdout.write(commandHelp(command, columns));
  return EXIT.ok;
}
