import { accessSync, closeSync, constants, openSync, readSync, statSync } from "node:fs";
import { ExecError } from "../../errors.ts";

export interface StartAttempt {
  readonly file: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: { readonly [name: string]: string };
}

/** Why a process could not be started, in words a user understands: the system's own name for it says too little. */
export function startError(attempt: StartAttempt, cause: NodeJS.ErrnoException): ExecError {
  const { file, cwd } = attempt;
  switch (cause.code) {
    case "ENOENT":
    case "ENOTDIR":
      return new ExecError("NotFound", directoryProblem(cwd) ?? fileProblem(file), { cause });
    case "EACCES":
      return new ExecError(
        "Permanent",
        directoryProblem(cwd) ?? `"${file}" may not be executed: permission denied.`,
        {
          cause,
        },
      );
    case "ENOEXEC":
      return new ExecError(
        "Permanent",
        `"${file}" is not a program this machine can run: it has neither a "#!" line nor a known binary format.`,
        { cause },
      );
    case "E2BIG":
      return new ExecError("Permanent", tooBig(attempt), { cause });
    case "ERR_INVALID_ARG_VALUE":
      return new ExecError("Permanent", nulProblem(attempt) ?? cause.message, { cause });
    case "EAGAIN":
    case "ENOMEM":
    case "EMFILE":
    case "ENFILE":
      return new ExecError(
        "Transient",
        `"${file}" could not be started: this machine is out of resources (${cause.code}).`,
        {
          cause,
        },
      );
    default:
      return new ExecError("Permanent", `"${file}" could not be started: ${cause.message}.`, { cause });
  }
}

function directoryProblem(cwd: string): string | undefined {
  const stat = statSync(cwd, { throwIfNoEntry: false });
  if (stat === undefined) return `The working directory "${cwd}" does not exist.`;
  if (!stat.isDirectory()) return `The working directory "${cwd}" is not a directory.`;
  try {
    accessSync(cwd, constants.X_OK);
    return undefined;
  } catch {
    return `The working directory "${cwd}" may not be entered: permission denied.`;
  }
}

function fileProblem(file: string): string {
  if (statSync(file, { throwIfNoEntry: false }) === undefined) return `"${file}" does not exist.`;
  const interpreter = interpreterOf(file);
  if (interpreter === undefined) {
    return `"${file}" cannot be run here: the loader or a library it was built for is missing.`;
  }
  const hint = interpreter.endsWith("\r")
    ? ' The "#!" line ends in a carriage return (Windows line ends).'
    : "";
  return `"${file}" needs the interpreter "${interpreter.trimEnd()}", which does not exist.${hint}`;
}

function interpreterOf(file: string): string | undefined {
  const head = Buffer.alloc(256);
  const fd = openSync(file, "r");
  try {
    const text = head.toString("latin1", 0, readSync(fd, head));
    return /^#![ \t]*([^ \t\n]+)/.exec(text)?.[1];
  } finally {
    closeSync(fd);
  }
}

function tooBig({ args, env }: StartAttempt): string {
  const variables = Object.entries(env).map(([name, value]) => ({
    what: `the environment variable ${name}`,
    bytes: Buffer.byteLength(name) + Buffer.byteLength(value) + 2,
  }));
  const parts = args.map((text) => ({ what: "an argument", bytes: Buffer.byteLength(text) + 1 }));
  const all = [...variables, ...parts];
  const total = all.reduce((sum, part) => sum + part.bytes, 0);
  const largest = all.reduce((a, b) => (b.bytes > a.bytes ? b : a), { what: "nothing", bytes: 0 });
  return (
    `The environment and arguments of the process are too large for this system: ${total} bytes, ` +
    `of which ${largest.what} has ${largest.bytes}. (Linux takes 131072 bytes a variable, and about 2 MiB in all.)`
  );
}

function nulProblem({ file, args, cwd, env }: StartAttempt): string | undefined {
  const holder = Object.entries(env).find(([name, value]) => `${name}${value}`.includes("\0"));
  if (holder !== undefined) {
    return `The environment variable ${holder[0].replaceAll("\0", "\\0")} has a NUL character in it.`;
  }
  if ([file, cwd, ...args].some((text) => text.includes("\0"))) {
    return "The command has a NUL character in it.";
  }
  return undefined;
}
