import { ExecError } from "../../errors.ts";
import { EXIT, type ExitCode } from "../exit-code.ts";
import type { Io } from "../io.ts";
import { UsageError } from "../usage-error.ts";
import { palette, wantsColor } from "./color.ts";

/** Says on standard error what went wrong, and gives the exit code that stands for it. */
export function reportError(error: unknown, io: Io): ExitCode {
  const style = palette(wantsColor(io.env, io.stderr));
  const say = (message: string, hint?: string) => {
    io.stderr.write(`${style.red("error:")} ${message}\n`);
    if (hint !== undefined) io.stderr.write(`${style.dim(hint)}\n`);
  };
  if (error instanceof UsageError) {
    say(error.message, error.hint);
    return EXIT.usage;
  }
  if (error instanceof ExecError) {
    say(error.message);
    return error.code === "InvalidSpec" || error.code === "NotFound"
      ? EXIT.usage
      : error.code === "Cancelled"
        ? EXIT.cancelled
        : EXIT.failed;
  }
  // Not foreseen: the place in the code is what a report needs.
  say(
    `Slipway itself failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
    "This is a mistake in Slipway. Please report it with the command and the text above.",
  );
  return EXIT.failed;
}
