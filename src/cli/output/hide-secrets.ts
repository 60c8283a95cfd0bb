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

/** Fields that a person reads. Keys and ids are left as they are: events refer to each other by them. */
const READ = ["title", "workflow", "name", "reason", "message", "error"] as const;

/** The same event with secrets hidden in what it was named and explained with. */
export function hideInEvent(event: BuildEvent, hide: (text: string) => string): BuildEvent {
  if (event.type === "log") return event;
  let changed: Record<string, string> | undefined;
  for (const field of READ) {
    const text: unknown = (event as unknown as Record<string, unknown>)[field];
    if (typeof text !== "string") continue;
    const hidden = hide(text);
    if (hidden !== text) changed = { ...changed, [field]: hidden };
  }
  return changed === undefined ? event : { ...event, ...changed };
}
