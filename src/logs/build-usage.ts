import type { BuildStore } from "../store/build-store.ts";

/** A build whose logs in this process are smaller than this is not looked up in the records: it is far from any limit. */
const LOOK_UP_FROM_BYTES = 1024 * 1024;

/** How many bytes the logs of one build have, as far as this process knows. */
export class BuildUsage {
  readonly buildId: string;
  readonly #store: Pick<BuildStore, "steps">;
  readonly #lookUpFrom: number;
  readonly #known = new Set<string>();
  #bytes = 0;
  #lookedUp = false;
  /** Logs of the build that are open. */
  openLogs = 0;

  constructor(buildId: string, store: Pick<BuildStore, "steps">, maxBuildBytes: number) {
    this.buildId = buildId;
    this.#store = store;
    this.#lookUpFrom = Math.min(LOOK_UP_FROM_BYTES, maxBuildBytes / 16);
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** A log of this many bytes was opened. */
  opened(stepId: string, bytes: number): void {
    if (this.#known.has(stepId)) return;
    this.#known.add(stepId);
    if (!this.#lookedUp) this.add(bytes);
  }

  add(bytes: number): void {
    this.#bytes += bytes;
    if (!this.#lookedUp && this.#bytes >= this.#lookUpFrom) void this.#lookUp();
  }

  /** What steps have that were written by another process, before a restart. */
  async #lookUp(): Promise<void> {
    this.#lookedUp = true;
    try {
      for (const step of await this.#store.steps(this.buildId)) {
        if (this.#known.has(step.id)) continue;
        this.#known.add(step.id);
        this.#bytes += step.log.sizeBytes;
      }
    } catch {
      // It is a limit against floods, not a measure: looked up again with the next bytes.
      this.#lookedUp = false;
    }
  }
}
