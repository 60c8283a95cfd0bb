/** What the composition root is given by the process it runs in. */
export interface ServerHost {
  /** Absolute; relative paths of the settings start here. */
  readonly cwd: string;
  readonly env: { readonly [name: string]: string | undefined };
  readonly pid: number;
  /** The node that runs JavaScript actions and runners. */
  readonly nodePath: string;
  /** The program that runs one job. */
  readonly runner: { readonly file: string; readonly args: readonly string[] };
  /** The kit for jobs in containers of this machine's architecture, where it comes with the program. */
  readonly kitFolder?: string;
  /** As `ActionSources.bundled`. */
  readonly bundledActions: { readonly [name: string]: string };
}

export interface RunningServer {
  /** Where people reach the API; absent without the role pipeline. */
  readonly address?: string;
  /** Only at the very first start over these records. */
  readonly firstStart?: { readonly adminToken: string };
  /** Good once, for a few minutes; with the first start. */
  readonly loginLink?: string;
  /** Takes no more builds, hands over or finishes those that run within `stop-timeout`, flushes, closes. Idempotent. */
  stop(): Promise<void>;
}

/** One line of `slipway serve --check`. */
export interface ConnectionCheck {
  readonly name: string;
  /** What answered. */
  readonly detail?: string;
  /** Why it cannot be used; absent: it can. */
  readonly problem?: string;
}
