export type Variables = { readonly [name: string]: string };

/** What steps set for the steps after them: `GITHUB_ENV` and `GITHUB_PATH`, on top of the job's own `env`. */
export interface EnvScope {
  /** The same object until something changes. */
  values(): Variables;
  /** In the order they were added: the last one comes first in PATH. */
  paths(): readonly string[];
  set(name: string, value: string): void;
  addPath(path: string): void;
}

export class JobEnv implements EnvScope {
  readonly #own = new Map<string, string>();
  #values: Variables | undefined;
  #paths: readonly string[] = [];

  values(): Variables {
    this.#values ??= Object.fromEntries(this.#own);
    return this.#values;
  }

  paths(): readonly string[] {
    return this.#paths;
  }

  set(name: string, value: string): void {
    this.#own.set(name, value);
    this.#values = undefined;
  }

  addPath(path: string): void {
    this.#paths = [...this.#paths.filter((known) => known !== path), path];
  }
}

/**
 * What a background step sees and sets: the job's environment, and on top of it what the step itself sets, which the
 * job gets only when the step is waited for.
 */
export class DeferredEnv implements EnvScope {
  readonly #job: EnvScope;
  readonly #own = new Map<string, string>();
  #ownPaths: readonly string[] = [];
  #merged: { readonly from: Variables; readonly values: Variables } | undefined;

  constructor(job: EnvScope) {
    this.#job = job;
  }

  values(): Variables {
    const from = this.#job.values();
    if (this.#own.size === 0) return from;
    if (this.#merged?.from !== from) {
      this.#merged = { from, values: { ...from, ...Object.fromEntries(this.#own) } };
    }
    return this.#merged.values;
  }

  paths(): readonly string[] {
    const own = this.#ownPaths;
    return own.length === 0
      ? this.#job.paths()
      : [...this.#job.paths().filter((p) => !own.includes(p)), ...own];
  }

  set(name: string, value: string): void {
    this.#own.set(name, value);
    this.#merged = undefined;
  }

  addPath(path: string): void {
    this.#ownPaths = [...this.#ownPaths.filter((known) => known !== path), path];
  }

  /** The step was waited for. */
  flush(): void {
    for (const [name, value] of this.#own) this.#job.set(name, value);
    for (const path of this.#ownPaths) this.#job.addPath(path);
  }
}
