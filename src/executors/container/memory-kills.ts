import { readFileSync } from "node:fs";
import { join } from "node:path";

/** Where a container sees its own control group, of either version. */
const CGROUP = "/sys/fs/cgroup";

/**
 * What the kernel killed in this container for want of memory. Where it kills single processes (control groups of version 1)
 * a step only sees one of its own that died; nobody else tells.
 */
export class MemoryKills {
  readonly #root: string;
  readonly #before: number;

  constructor(root: string = CGROUP) {
    this.#root = root;
    this.#before = this.#count();
  }

  /** Since it was made; undefined: nothing. */
  describe(): string | undefined {
    if (this.#count() <= this.#before) return undefined;
    const limit = this.#limit();
    return `A process of the job was killed because its container was out of memory${limit === undefined ? "" : ` (limit ${limit})`}.`;
  }

  #count(): number {
    const text = this.#read("memory.events") ?? this.#read("memory/memory.oom_control") ?? "";
    return Number(/^oom_kill (\d+)$/m.exec(text)?.[1] ?? 0);
  }

  #limit(): string | undefined {
    const bytes = Number(this.#read("memory.max") ?? this.#read("memory/memory.limit_in_bytes"));
    // Version 1 says a number that no machine has where there is no limit.
    return bytes > 0 && bytes < 2 ** 60 ? `${Math.round(bytes / 1024 / 1024)} MiB` : undefined;
  }

  #read(file: string): string | undefined {
    try {
      return readFileSync(join(this.#root, file), "utf8");
    } catch {
      return undefined;
    }
  }
}
