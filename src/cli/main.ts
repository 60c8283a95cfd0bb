import type { ExitCode } from "./exit-code.ts";
import type { Io } from "./io.ts";

/** Runs one command line (without the program's name) to its end. Never rejects. */
export async function main(_argv: readonly string[], _io: Io): Promise<ExitCode> {
  return 2;
}
