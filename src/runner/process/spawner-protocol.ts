/** What the spawner is told and what it says: one JSON text a line. */

export interface SpawnOrder {
  readonly id: number;
  readonly file: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: { readonly [name: string]: string };
  /** Opened by the spawner, for reading; absent: stdin is empty. */
  readonly stdin?: string;
  /** Opened by the spawner, for writing: stdout and stderr. */
  readonly output: string;
}

export type SpawnNews =
  | { readonly kind: "ready" }
  | { readonly kind: "started"; readonly id: number; readonly pid: number }
  /** What the system said to the start. */
  | {
      readonly kind: "failed";
      readonly id: number;
      readonly code: string | undefined;
      readonly message: string;
    }
  /** The pipes cannot be opened by another process here. */
  | { readonly kind: "unusable"; readonly id: number }
  | {
      readonly kind: "ended";
      readonly id: number;
      readonly code: number | null;
      readonly signal: NodeJS.Signals | null;
    };
