import type { PipelineFile } from "../../spec/pipeline-file.ts";
import { parseSound, type SoundPipeline } from "./prepare-build.ts";

const LARGEST_CHARACTERS = 4 * 1024 ** 2;

/** Pipelines as they were parsed lately: most builds run from a file that the build before ran from. */
export class RecentPipelines {
  readonly #parsed = new Map<string, SoundPipeline>();
  readonly #largest: number;
  #characters = 0;

  /** `largest`: characters of all files together. */
  constructor(largest: number = LARGEST_CHARACTERS) {
    this.#largest = largest;
  }

  /** See `parseSound`. */
  parse(file: PipelineFile): SoundPipeline {
    const key = `${file.path}\n${file.content}`;
    const known = this.#parsed.get(key);
    if (known !== undefined) {
      this.#parsed.delete(key);
      this.#parsed.set(key, known);
      return known;
    }
    const parsed = parseSound(file, "The pipeline");
    this.#parsed.set(key, parsed);
    this.#characters += key.length;
    for (const oldest of this.#parsed.keys()) {
      if (this.#characters <= this.#largest) break;
      this.#parsed.delete(oldest);
      this.#characters -= oldest.length;
    }
    return parsed;
  }
}
