import type { JsonObject } from "../../json.ts";
import type { Conclusion } from "../../status.ts";

interface StepEntry {
  readonly outputs: Map<string, string>;
  end?: { readonly outcome: Conclusion; readonly conclusion: Conclusion };
  json?: JsonObject;
}

/**
 * The `steps` context of a job, or of one use of a composite action, whose steps see only each other. What it hands
 * out never changes: expressions remember values by identity.
 */
export class StepsContext {
  readonly #entries = new Map<string, StepEntry>();
  #json: JsonObject | undefined;

  setOutput(id: string, name: string, value: string): void {
    this.#changed(id).outputs.set(name, value);
  }

  setEnd(id: string, outcome: Conclusion, conclusion: Conclusion): void {
    this.#changed(id).end = { outcome, conclusion };
  }

  json(): JsonObject {
    this.#json ??= Object.fromEntries([...this.#entries].map(([id, entry]) => [id, entryJson(entry)]));
    return this.#json;
  }

  #changed(id: string): StepEntry {
    const entry: StepEntry = this.#entries.get(id) ?? { outputs: new Map() };
    this.#entries.set(id, entry);
    delete entry.json;
    this.#json = undefined;
    return entry;
  }
}

function entryJson(entry: StepEntry): JsonObject {
  entry.json ??= { outputs: Object.fromEntries(entry.outputs), ...entry.end };
  return entry.json;
}
