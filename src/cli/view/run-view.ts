import type { BuildEventSink } from "../../builds/build-event.ts";
import type { RunEnd } from "./run-end.ts";

/** How a run is shown: live, as plain lines, or as JSON. Knows nothing of how it is run. */
export interface RunView {
  readonly sink: BuildEventSink;
  /** A sentence for the person, outside any build. */
  note(text: string): void;
  /** Ctrl-C was pressed once. */
  cancelling(): void;
  /** Leaves the terminal to someone else until the returned function is called. Output of that time is shown after. */
  suspend(): () => void;
  /** Everything has ended. */
  end(end: RunEnd): Promise<void>;
}
