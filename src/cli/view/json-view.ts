import type { BuildEvent } from "../../builds/build-event.ts";
import { encodeBuildEvent } from "../../builds/build-event-codec.ts";
import type { Io } from "../io.ts";
import type { RunEnd } from "./run-end.ts";
import type { RunView } from "./run-view.ts";

/** One event a line on standard output and nothing else there; sentences for a person go to standard error. */
export class JsonView implements RunView {
  readonly #io: Io;

  constructor(io: Io) {
    this.#io = io;
  }

  readonly sink = (event: BuildEvent): void | Promise<void> =>
    this.#io.stdout.write(`${encodeBuildEvent(event)}\n`);

  note(text: string): void {
    this.#io.stderr.write(`${text}\n`);
  }

  cancelling(): void {}

  suspend(): () => void {
    return () => {};
  }

  async end({ leftOff }: RunEnd): Promise<void> {
    if (leftOff !== undefined) this.note(leftOff);
  }
}
