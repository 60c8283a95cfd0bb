import type { Job } from "./job.ts";
import type { CancelCause } from "./job-cancellation.ts";

/** Timers of Node count in 32 bits: a longer one would go off at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** Turns the ports' signals and the job's own time limit into its cancellation. Returns what ends this. */
export function followSignals(job: Job): () => void {
  const { request, ports, clock, tools } = job;
  const { cancellation, frames } = tools;
  // First of all listeners: steps look at the status to tell whether they may go on.
  cancellation.onCancel(() => {
    job.status = "cancelled";
  });
  const cancel = () => cancellation.cancel(causeOf(ports.signal));
  const kill = () => cancellation.kill({ kind: "cancelled", message: "The job was killed." });
  const { timeoutMs = 0 } = request;
  const limited = timeoutMs > 0 && timeoutMs <= LONGEST_TIMER_MS;
  const takeBackTimeout = limited ? clock.after(timeoutMs, timeOut) : () => {};

  function timeOut(): void {
    const message =
      `The job running on runner ${request.runner.name} has exceeded the maximum execution time of ` +
      `${timeoutMs / 60_000} minutes.`;
    void frames.emit({ type: "annotation", step: 0, level: "error", message });
    cancellation.cancel({ kind: "timeout", message });
  }

  ports.signal.addEventListener("abort", cancel, { once: true });
  ports.kill?.addEventListener("abort", kill, { once: true });
  if (ports.signal.aborted) cancel();
  if (ports.kill?.aborted === true) kill();
  return () => {
    ports.signal.removeEventListener("abort", cancel);
    ports.kill?.removeEventListener("abort", kill);
    takeBackTimeout();
    cancellation.close();
  };
}

function causeOf({ reason }: AbortSignal): CancelCause {
  const message = typeof reason === "string" && reason !== "" ? reason : "The job was cancelled.";
  return { kind: "cancelled", message };
}
