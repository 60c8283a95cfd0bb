import { createWriteStream, mkdirSync, readdirSync, rmSync, statSync, type WriteStream } from "node:fs";
import { join } from "node:path";
import type { BuildEvent } from "../../builds/build-event.ts";
import { safeFileName } from "../../executors/local/safe-file-name.ts";

/** What is kept of earlier runs: the newest of them, up to this many and this many bytes. */
const KEPT_RUNS = 30;
const KEPT_BYTES = 1024 ** 3;

/** The full log of every job as a file, for runs whose output only showed the ends of them. */
export class LogFiles {
  readonly folder: string;
  readonly #runId: string;
  readonly #streams = new Map<string, WriteStream>();
  #failed = false;

  /** `parent` holds the logs of this and of earlier runs, of which the oldest go. Throws where it cannot be made. */
  constructor(parent: string, runId: string) {
    this.#runId = runId;
    this.folder = join(parent, runId);
    mkdirSync(this.folder, { recursive: true, mode: 0o700 });
    removeOldRuns(parent);
  }

  write(event: BuildEvent): void | Promise<void> {
    switch (event.type) {
      case "step.started":
        return this.#append(this.#name(event), `${new Date(event.at).toISOString()} ${event.name}\n`);
      case "log":
        return this.#append(this.#name(event), event.data);
      case "job.finished":
        this.#streams.get(this.#name(event))?.end();
        this.#streams.delete(this.#name(event));
        return;
      default:
        return;
    }
  }

  async close(): Promise<void> {
    const open = [...this.#streams.values()];
    this.#streams.clear();
    await Promise.all(open.map((stream) => new Promise<void>((resolve) => stream.end(resolve))));
  }

  /** Several builds of a run may have jobs of the same key. */
  #name({ buildId, job }: { readonly buildId: string; readonly job: string }): string {
    return buildId === this.#runId ? safeFileName(job) : `${safeFileName(job)}-${buildId}`;
  }

  #append(name: string, data: string | Uint8Array): void | Promise<void> {
    if (this.#failed) return;
    let stream = this.#streams.get(name);
    if (stream === undefined) {
      stream = createWriteStream(join(this.folder, `${name}.log`), { flags: "a", mode: 0o600 });
      // A full disk must not end the run: its output is on the screen too.
      stream.on("error", () => {
        this.#failed = true;
      });
      this.#streams.set(name, stream);
    }
    if (stream.write(data)) return;
    const waiting = stream;
    return new Promise((resolve) => {
      waiting.once("drain", resolve);
      waiting.once("close", resolve);
    });
  }
}

function removeOldRuns(parent: string): void {
  const runs = readdirSync(parent).filter((name) => /^\d+$/.test(name));
  let bytes = 0;
  for (const [age, name] of runs.sort((a, b) => Number(b) - Number(a)).entries()) {
    const folder = join(parent, name);
    if (age >= KEPT_RUNS || bytes > KEPT_BYTES) rmSync(folder, { recursive: true, force: true });
    else for (const file of readdirSync(folder)) bytes += sizeOf(join(folder, file));
  }
}

/** Another run may be removing it. */
function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
