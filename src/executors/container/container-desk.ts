import { ExecError } from "../../errors.ts";
import type { RunnerCommand } from "../../protocol/runner-command.ts";
import type { ImageConfig, RunnerMessage, StepContainerRequest } from "../../protocol/runner-message.ts";
import type {
  ContainerEnd,
  StartedContainer,
  StepContainers,
} from "../../runner/containers/step-containers.ts";

type Entry = {
  readonly wish: StepContainerRequest;
  readonly log: (line: string) => void;
  readonly ready: PromiseWithResolvers<ImageConfig>;
  readonly ended: PromiseWithResolvers<ContainerEnd>;
  state: "asked" | "ready" | "removed";
};

/**
 * Asks the executor for containers. It may go away and another take its place: to whoever is `attached` everything is said
 * again that nobody answered, and what is to go until it is known to be gone (`container.ended`). So an executor adopts the
 * container that it finds under an id, and tells a new runner's listener of those that ended meanwhile.
 */
export class ContainerDesk implements StepContainers {
  readonly #say: (message: RunnerMessage) => void;
  readonly #entries = new Map<string, Entry>();

  constructor(say: (message: RunnerMessage) => void) {
    this.#say = say;
  }

  start(id: string, wish: StepContainerRequest, log: (line: string) => void): StartedContainer {
    const entry: Entry = {
      wish,
      log,
      ready: Promise.withResolvers(),
      ended: Promise.withResolvers(),
      state: "asked",
    };
    // The step may have given up on it.
    entry.ready.promise.catch(() => {});
    this.#entries.set(id, entry);
    this.#say({ type: "container.start", id, container: wish });
    return {
      ready: entry.ready.promise,
      ended: entry.ended.promise,
      remove: () => this.#remove(id, entry),
    };
  }

  take(command: RunnerCommand): void {
    if (command.type === "attached") this.#sayAgain();
    if (!("id" in command)) return;
    const entry = this.#entries.get(command.id);
    if (entry === undefined) return;
    switch (command.type) {
      case "container.log":
        if (entry.state === "asked") entry.log(command.text);
        return;
      case "container.ready":
        if (entry.state === "asked") entry.state = "ready";
        entry.ready.resolve(command.image);
        return;
      case "container.failed":
        this.#entries.delete(command.id);
        entry.ready.reject(new ExecError("Permanent", command.error));
        return;
      case "container.ended": {
        const { type: _, id, ...end } = command;
        this.#entries.delete(id);
        entry.ended.resolve(end);
        entry.ready.reject(
          new ExecError("Permanent", end.error ?? "The step's container ended before it began."),
        );
        return;
      }
    }
  }

  #remove(id: string, entry: Entry): void {
    if (!this.#entries.has(id) || entry.state === "removed") return;
    entry.state = "removed";
    this.#say({ type: "container.remove", id });
  }

  #sayAgain(): void {
    for (const [id, { state, wish }] of this.#entries) {
      if (state === "asked") this.#say({ type: "container.start", id, container: wish });
      else if (state === "removed") this.#say({ type: "container.remove", id });
    }
  }
}
