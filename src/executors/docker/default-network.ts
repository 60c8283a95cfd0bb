import type { DockerEngine } from "./docker-engine.ts";

/** Docker's own; there is none where a daemon was told so (`--bridge none`), and podman calls its own otherwise. */
const NAME = "bridge";

/**
 * The daemon's default network, lent to one job at a time: jobs of an executor never meet there. A network of a job's own
 * costs about 100 ms to make and 170 ms to remove where the daemon keeps a firewall, as much as the rest of a small job. On
 * the default network the job meets what its user runs there (`docker run`), so that it is for a user's own daemon.
 */
export class DefaultNetwork {
  #holder: string | undefined;
  #isThere: boolean | undefined;

  /** Gives its name; undefined: another job has it, or there is none. */
  async borrow(job: string, engine: DockerEngine, signal: AbortSignal): Promise<string | undefined> {
    if (this.#isThere === false || this.#holder !== undefined) return undefined;
    this.#holder = job;
    try {
      this.#isThere ??= (await engine.inspectNetwork(NAME, signal)) !== undefined;
    } finally {
      if (this.#isThere !== true) this.#holder = undefined;
    }
    return this.#isThere ? NAME : undefined;
  }

  /** Once nothing of the job is left on it. Of one that has it not: nothing. */
  giveBack(job: string): void {
    if (this.#holder === job) this.#holder = undefined;
  }
}
