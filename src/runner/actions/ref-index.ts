import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { COMMIT_ID } from "./resolve-action-ref.ts";

export interface RememberedRef {
  readonly sha: string;
  /** When the server said so, Unix time in milliseconds. */
  readonly at: number;
}

/**
 * Remembers beside the cached commits of a repository what its refs stood for, for runs without a network. One small
 * file a ref, replaced as a whole, so that runs need no lock. Each server has its own.
 */
export class RefIndex {
  readonly #directory: string;

  constructor(repositoryDirectory: string, url: string) {
    const server = createHash("sha256").update(url).digest("hex").slice(0, 12);
    this.#directory = join(repositoryDirectory, ".refs", server);
  }

  async read(ref: string): Promise<RememberedRef | undefined> {
    try {
      const value: unknown = JSON.parse(await readFile(this.#file(ref), "utf8"));
      if (typeof value !== "object" || value === null || !("sha" in value) || !("at" in value))
        return undefined;
      const { sha, at } = value;
      return typeof sha === "string" && COMMIT_ID.test(sha) && typeof at === "number"
        ? { sha, at }
        : undefined;
    } catch {
      return undefined;
    }
  }

  /** Never fails: without it only runs without a network are poorer. */
  async write(ref: string, remembered: RememberedRef, unique: string): Promise<void> {
    try {
      await mkdir(this.#directory, { recursive: true });
      const temporary = join(this.#directory, `.${unique}`);
      await writeFile(temporary, JSON.stringify(remembered));
      await rename(temporary, this.#file(ref));
    } catch {
      // A cache on a read-only disk still serves what it holds.
    }
  }

  async refs(): Promise<string[]> {
    try {
      const names = await readdir(this.#directory);
      return names.filter((name) => !name.startsWith(".")).map((name) => decodeURIComponent(name.slice(1)));
    } catch {
      return [];
    }
  }

  #file(ref: string): string {
    return join(this.#directory, `@${encodeURIComponent(ref)}`);
  }
}
