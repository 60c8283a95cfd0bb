import type { ProgressLine } from "./docker-engine.ts";

interface Layer {
  readonly done: boolean;
  readonly currentBytes: number;
  readonly totalBytes: number;
}

/** Adds up what a daemon says of the layers of a pull. */
export class PullProgress {
  readonly #layers = new Map<string, Layer>();

  take({ id, status = "", progressDetail }: ProgressLine): void {
    if (id === undefined || /^(Pulling from|Digest|Status)/.test(status)) return;
    const before = this.#layers.get(id) ?? { done: false, currentBytes: 0, totalBytes: 0 };
    // Unpacking counts from the beginning again: what has arrived stays so.
    const counts = status === "Downloading";
    const arrived = /^(Download complete|Pull complete|Verifying|Extracting)/.test(status);
    const totalBytes = counts ? (progressDetail?.total ?? before.totalBytes) : before.totalBytes;
    this.#layers.set(id, {
      done: /^(Pull complete|Already exists)/.test(status) || before.done,
      totalBytes,
      currentBytes: arrived
        ? totalBytes
        : counts
          ? (progressDetail?.current ?? before.currentBytes)
          : before.currentBytes,
    });
  }

  /** As `3 of 7 layers, 12.3 MB of 45.6 MB`; undefined: nothing is known yet. */
  text(): string | undefined {
    const layers = [...this.#layers.values()];
    if (layers.length === 0) return undefined;
    const sum = (of: (layer: Layer) => number) => layers.reduce((all, layer) => all + of(layer), 0);
    const done = layers.filter((layer) => layer.done).length;
    const total = sum((layer) => layer.totalBytes);
    const bytes =
      total === 0 ? "" : `, ${megabytes(sum((layer) => layer.currentBytes))} of ${megabytes(total)}`;
    return `${done} of ${layers.length} layers${bytes}`;
  }
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
