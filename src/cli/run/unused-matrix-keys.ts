import type { BuildEvent } from "../../builds/build-event.ts";
import { suggest } from "../../spec/suggest.ts";

/** Notices keys of --matrix that no matrix of the run has: what was asked for was then without effect. */
export class UnusedMatrixKeys {
  readonly #asked: readonly string[];
  readonly #seen = new Set<string>();

  constructor(filter: { readonly [key: string]: readonly string[] } = {}) {
    this.#asked = Object.keys(filter);
  }

  see(event: BuildEvent): void {
    if (event.type !== "job.added" || typeof event.matrix !== "object" || event.matrix === null) return;
    for (const key of Object.keys(event.matrix)) this.#seen.add(key);
  }

  /** A sentence for each. */
  notes(): string[] {
    const lower = new Set([...this.#seen].map((key) => key.toLowerCase()));
    return this.#asked
      .filter((key) => !lower.has(key.toLowerCase()))
      .map((key) => {
        const meant = suggest(key, this.#seen);
        const hint = meant === undefined ? "" : ` Did you mean '${meant}'?`;
        return `--matrix ${key} had no effect: no matrix that was run has the key '${key}'.${hint}`;
      });
  }
}
