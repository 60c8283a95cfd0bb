import type { DockerEngine } from "./docker-engine.ts";

/** Has an engine miss its images, and take as long to pull them as a test wants. */
export class HeldPulls {
  #held: Promise<void> | undefined;

  before(engine: DockerEngine): DockerEngine {
    const over: Pick<DockerEngine, "inspectImage" | "pull"> = {
      inspectImage: async (name, signal) =>
        this.#held === undefined ? await engine.inspectImage(name, signal) : undefined,
      pull: async (name, auth, onLine, signal) => {
        if (this.#held === undefined) return await engine.pull(name, auth, onLine, signal);
        onLine({ id: "layer", status: "Downloading", progressDetail: { current: 1, total: 2 } });
        const aborted = Promise.withResolvers<void>();
        signal.addEventListener("abort", () => aborted.resolve(), { once: true });
        await Promise.race([this.#held, aborted.promise]);
        signal.throwIfAborted();
      },
    };
    return new Proxy(engine, {
      get(target, key) {
        if (key === "inspectImage" || key === "pull") return over[key];
        const value: unknown = Reflect.get(target, key);
        return typeof value === "function" ? value.bind(target) : value;
      },
    });
  }

  hold(): () => Promise<void> {
    const held = Promise.withResolvers<void>();
    this.#held = held.promise;
    return async () => {
      this.#held = undefined;
      held.resolve();
    };
  }
}
