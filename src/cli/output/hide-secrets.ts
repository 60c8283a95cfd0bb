import type { BuildEvent } from "../../builds/build-event.ts";

/**
 * Puts `***` in the place of secrets in texts that no runner has masked: names, reasons and errors that the pipeline
 * was planned with, what a dry run prints. Output of steps is masked where it arises.
 */
export function secretHider(secrets: Iterable<string>): (text: string) => string {
  const values = [...secrets]
    .flatMap((secret) => [secret, ...secret.split("\n")])
    .filter((value) => value.trim() !== "")
    // The longest first: one secret may be a part of another.
    .sort((a, b) => b.length - a.length);
  return (text) => values.reduce((hidden, value) => hidden.replaceAll(value, "***"), text);
}

/** Words of the protocol, and keys by which events refer to each other: left as they are. */
const KEYS: ReadonlySet<string> = new Set([
  ...["type", "buildId", "job", "jobId", "parent", "legOf", "kind", "id", "stage", "event", "sha"],
  ...["level", "outcome", "conclusion", "result", "signal"],
]);

/**
 * The same event with secrets hidden in what it was named and explained with: in every text of it, so that one that is
 * added later is safe too. Of a log the runner has hidden them, and more.
 */
export function hideInEvent(event: BuildEvent, hide: (text: string) => string): BuildEvent {
  if (event.type === "log") return event;
  let changed: Record<string, string> | undefined;
  for (const [field, text] of Object.entries(event)) {
    if (typeof text !== "string" || KEYS.has(field)) continue;
    const hidden = hide(text);
    if (hidden !== text) changed = { ...changed, [field]: hidden };
  }
  return changed === undefined ? event : { ...event, ...changed };
}
