import { ExecError } from "../../errors.ts";
import { findProgram, type ProgramLookup } from "./find-program.ts";
import { splitArguments } from "./split-arguments.ts";

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

interface BuiltInShell {
  /** What stands after the shell's name; `{0}` is the script. */
  readonly format: string;
  readonly extension: string;
  readonly prepare?: (script: string) => string;
}

/** An error stops a PowerShell script, and the exit code of its last program is its own. */
function preparePowerShell(script: string): string {
  return [
    "$ErrorActionPreference = 'stop'",
    script,
    "if ((Test-Path -LiteralPath variable:\\LASTEXITCODE)) { exit $LASTEXITCODE }",
  ].join("\n");
}

const BUILT_IN: ReadonlyMap<string, BuiltInShell> = new Map<string, BuiltInShell>([
  ["bash", { format: "--noprofile --norc -e -o pipefail {0}", extension: ".sh" }],
  ["sh", { format: "-e {0}", extension: ".sh" }],
  ["pwsh", { format: `-command ". '{0}'"`, extension: ".ps1", prepare: preparePowerShell }],
  ["powershell", { format: `-command ". '{0}'"`, extension: ".ps1", prepare: preparePowerShell }],
  ["python", { format: "{0}", extension: ".py" }],
  // GitHub's runner has no `node` of its own; `.js` is CommonJS unless the script says otherwise.
  ["node", { format: "{0}", extension: ".js" }],
  [
    "cmd",
    {
      format: `/D /E:ON /V:OFF /S /C "CALL "{0}""`,
      extension: ".cmd",
      prepare: (script) => `@echo off\n${script}`.replaceAll(/\r?\n/g, "\r\n"),
    },
  ],
]);

/**
 * The shell of a `run` step: `bash`, `sh`, `pwsh`, `powershell`, `python`, `node`, `cmd`, or a format with `{0}`.
 * Undefined or empty: bash if there is one, else sh, in both cases only with `-e`. Throws `ExecError` with a message
 * for the step's log.
 */
export function resolveShell(shell: string | undefined, lookup: ProgramLookup): ResolvedShell {
  if (shell === undefined || shell === "") {
    const file = findProgram("bash", lookup) ?? requireProgram("sh", lookup);
    return resolved(file, BUILT_IN.get("sh") as BuiltInShell, "-e {0}");
  }
  const space = shell.indexOf(" ");
  const name = space < 0 ? shell : shell.slice(0, space);
  const given = space < 0 ? "" : shell.slice(space + 1).trimStart();
  const builtIn = BUILT_IN.get(name.toLowerCase());
  const format = given === "" ? (builtIn?.format ?? "") : given;
  if (!format.includes("{0}")) {
    throw new ExecError(
      "InvalidSpec",
      `Invalid shell option '${shell}'. Shell must be a valid built-in (bash, sh, cmd, powershell, pwsh, python, node) or a format string containing '{0}'`,
    );
  }
  // Debian and its kin have Python only under its full name.
  const python =
    name === "python" ? (findProgram(name, lookup) ?? findProgram("python3", lookup)) : undefined;
  return resolved(python ?? requireProgram(name, lookup), builtIn ?? { format, extension: "" }, format);
}

function resolved(file: string, { extension, prepare }: BuiltInShell, format: string): ResolvedShell {
  return {
    file,
    extension,
    display: `${file} ${format}`,
    prepare: prepare ?? ((script) => script),
    // The path is put in after the splitting, so that a space in it splits nothing.
    args: (scriptPath) =>
      splitArguments(format).map((argument) => {
        const path = argument.includes("'{0}'") ? scriptPath.replaceAll("'", "''") : scriptPath;
        return argument.replaceAll("{0}", () => path);
      }),
  };
}

function requireProgram(name: string, lookup: ProgramLookup): string {
  const file = findProgram(name, lookup);
  if (file !== undefined) return file;
  const where = name.includes("/")
    ? `There is no such executable file (looked from "${lookup.cwd}").`
    : `Make sure it is installed. PATH of this step: ${lookup.path === "" ? "empty" : lookup.path}`;
  throw new ExecError("NotFound", `${name}: command not found. ${where}`);
}
