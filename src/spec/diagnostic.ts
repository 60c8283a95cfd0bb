/**
 * A mistake (or a warning) in a pipeline file, with everything needed to show it to a person: validation collects
 * them all and never throws one at a time.
 */
export interface Diagnostic {
  readonly severity: "error" | "warning";
  /** Stable and kebab-case, e.g. `unknown-needs`, `cycle`, `schema`, `yaml-syntax`: what SARIF calls a rule id. */
  readonly code: string;
  readonly message: string;
  /** What to do about it: "did you mean `build`?". */
  readonly hint?: string;
  /** As the caller named it (normally relative to the repository). */
  readonly file: string;
  /** Counted from 1; `endColumn` is exclusive. */
  readonly line: number;
  readonly column: number;
  readonly endLine: number;
  readonly endColumn: number;
}
