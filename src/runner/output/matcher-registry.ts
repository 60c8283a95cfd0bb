import type { MatcherConfig } from "./matcher-config.ts";

/** The problem matchers of one job; `add-matcher` in one step is in force in those that follow, too. */
export class MatcherRegistry {
  #configs: readonly MatcherConfig[] = [];

  /** In the order in which they are tried. A new list after each change. */
  get configs(): readonly MatcherConfig[] {
    return this.#configs;
  }

  /** Puts them before the others, in place of those with the same owner. */
  add(configs: readonly MatcherConfig[]): void {
    const owners = new Set(configs.map((config) => config.owner.toLowerCase()));
    this.#configs = [
      ...configs,
      ...this.#configs.filter((config) => !owners.has(config.owner.toLowerCase())),
    ];
  }

  /** Returns those that were there. */
  remove(owners: readonly string[]): readonly MatcherConfig[] {
    const names = new Set(owners.map((owner) => owner.toLowerCase()));
    const removed = this.#configs.filter((config) => names.has(config.owner.toLowerCase()));
    this.#configs = this.#configs.filter((config) => !removed.includes(config));
    return removed;
  }
}
