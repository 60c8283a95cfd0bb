import type { Io } from "../io.ts";

/** How a run is stopped from outside. */
export interface Interrupts {
  /** Aborts at the first Ctrl-C, SIGTERM or SIGHUP: jobs are asked to end. */
  readonly cancel: AbortSignal;
  /** Aborts at the second, or when nobody reads the output any more: everything ends at once. */
  readonly kill: AbortSignal;
  /** Leaves signals to the process again. */
  stop(): void;
}

export function watchInterrupts(io: Io, onCancel: () => void): Interrupts {
  const cancel = new AbortController();
  const kill = new AbortController();
  const onSignal = (signal: string) => () => {
    if (cancel.signal.aborted) {
      kill.abort(`${signal} again`);
      return;
    }
    cancel.abort(signal === "SIGINT" ? "Cancelled by Ctrl-C" : `Cancelled by ${signal}`);
    onCancel();
  };
  const stop = (["SIGINT", "SIGTERM", "SIGHUP"] as const).map((signal) =>
    io.onSignal(signal, onSignal(signal)),
  );
  io.stdout.onClose(() => {
    cancel.abort("The reader of the output has gone");
    kill.abort("The reader of the output has gone");
  });
  return {
    cancel: cancel.signal,
    kill: kill.signal,
    stop() {
      for (const each of stop) each();
    },
  };
}
