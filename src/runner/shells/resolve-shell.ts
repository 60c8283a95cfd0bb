import type { ProgramLookup } from "./find-program.ts";

export interface ResolvedShell {
  /** Absolute path of the interpreter. */
  readonly file: string;
  args(scriptPath: string): string[];
  /** Of the script's file, with its dot; may be empty. */
  readonly extension: string;
  /** What to write into the script's file (UTF-8, no BOM). */
  prepare(script: string): string;
  /** For the log, as GitHub shows it: `/usr/bin/bash -e {0}`. */
  readonly display: string;
}

/**
 * The shell of a `run` step: `bash`, `sh`, `pwsh`, `powershell`, `python`, `node`, `cmd`, or a format with `{0}`.
 * Undefined or empty: bash if there is one, else sh. Throws `ExecError` with a message for the step's log.
 */
export function resolveShell(_shell: string | undefined, _lookup: ProgramLookup): ResolvedShell {
  throw new Error("not built yet");
}
