import type { BuildEvent } from "../../builds/build-event.ts";

/**
 * Puts `***` in the place of secrets, in every encoding the runner knows, in texts that no runner has masked: names,
 * reasons and errors that the pipeline was planned with, what a dry run prints. Output of steps is masked where it
 * arises.
 */
export async function secretHider(secrets: Iterable<string>): Promise<(text: string) => string> {
  const values = [...secrets].filter((secret) => secret.trim() !== "");
  if (values.length === 0) return (text) => text;
  const { Masker } = await import("../../runner/output/masker.ts");
  const masker = new Masker();
  for (const value of values) masker.add(value);
  return (text) => masker.text(text);
}

/** Words of the protocol, and keys by which events refer to each other: left as they are. */
const KEYS: ReadonlySet<string> = new Set([
  ...["type", "buildId", "job", "jobId", "parent", "legOf", "needs", "kind", "id", "stage", "event", "sha"],
  ...["level", "outcome", "conclusion", "result", "signal"],
]);

/**
 * The same event with secrets hidden in what it was named and explained with: in every text of it, so that one that is
 * added later is safe too. Of a log the runner has hidden them, and more.
 */
export function hideInEvent(event: BuildEvent, hide: (text: string) => string): BuildEvent {
  if (event.type === "log") return event;
  let changed: Record<string, unknown> | undefined;
  for (const [field, value] of Object.entries(event)) {
    if (KEYS.has(field)) continue;
    const hidden = hideIn(value, hide);
    if (hidden !== value) changed = { ...changed, [field]: hidden };
  }
  return changed === undefined ? event : { ...event, ...changed };
}

/** The same value where nothing in it is hidden. Names in an object are left as they are. */
function hideIn(value: unknown, hide: (text: string) => string): unknown {
  if (typeof value === "string") return hide(value);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value);
  const hidden = entries.map(([name, each]) => [name, hideIn(each, hide)] as const);
  if (hidden.every(([, each], index) => each === entries[index]?.[1])) return value;
  return Array.isArray(value) ? hidden.map(([, each]) => each) : Object.fromEntries(hidden);
}
