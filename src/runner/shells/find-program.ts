export interface ProgramLookup {
  /** The step's PATH, `GITHUB_PATH` additions included. */
  readonly path: string;
  /** Relative names with a slash, and relative entries of PATH, are resolved from here. */
  readonly cwd: string;
}

/** The file that `name` stands for; undefined where there is none that may be executed. */
export function findProgram(_name: string, _lookup: ProgramLookup): string | undefined {
  throw new Error("not built yet");
}
