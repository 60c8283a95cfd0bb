import type { PipelineFile } from "./pipeline-file.ts";

const LARGEST_CHARACTERS = 4 * 1024 ** 2;

/** Pipelines as they were parsed lately: most builds run from a file that the build before ran from. */
export class RecentPipelines<T> {
  readonly #parse: (file: PipelineFile) => T;
  readonly #parsed = new Map<string, T>();
  readonly #largest: number;
  #characters = 0;

  /** `largest`: characters of all files together. */
  constructor(parse: (file: PipelineFile) => T, largest: number = LARGEST_CHARACTERS) {
    this.#parse = parse;
    this.#largest = largest;
  }

  /** The same for the same file, which nobody changes. What `parse` throws is thrown each time. */
  of(file: PipelineFile): T {
    const key = `${file.path}\n${file.content}`;
    const known = this.#parsed.get(key);
    if (known !== undefined) {
      this.#parsed.delete(key);
      this.#parsed.set(key, known);
      return known;
    }
    const parsed = this.#parse(file);
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
