import type { Json } from "../../json.ts";
import type { BuildChange } from "../../store/build-change.ts";

/**
 * The same change with secrets hidden in every text a person wrote or a program printed. Ids, keys and states stay: they
 * are names out of the pipeline file, and what they name must be found again. Facts are masked by whoever makes them.
 */
export function maskChange(change: BuildChange, mask: (text: string) => string): BuildChange {
  switch (change.kind) {
    case "fact":
      return change;
    case "build-moved":
      return masked(change, ["error"], mask);
    case "build-described":
      return masked(change, ["title", "workflow", "warning"], mask);
    case "job-added": {
      const job = masked(change.job, ["name", "reason"], mask);
      return {
        ...change,
        job: job.matrix === undefined ? job : { ...job, matrix: maskJson(job.matrix, mask) },
      };
    }
    case "job-changed": {
      const shown = masked(change, ["name", "error", "reason", "environment", "environmentUrl"], mask);
      return shown.outputs === undefined ? shown : { ...shown, outputs: maskTexts(shown.outputs, mask) };
    }
    case "step-added":
      return { ...change, step: masked(change.step, ["name", "type"], mask) };
    case "step-changed":
      return masked(change, ["name", "error", "summary"], mask);
    case "annotation-added":
      return { ...change, annotation: masked(change.annotation, ["message", "title", "file"], mask) };
  }
}

/** Values, not names. */
export function maskTexts(
  texts: { readonly [name: string]: string },
  mask: (text: string) => string,
): { [name: string]: string } {
  return Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, mask(text)]));
}

function masked<T extends object>(value: T, fields: readonly (keyof T)[], mask: (text: string) => string): T {
  let shown = value;
  for (const field of fields) {
    const text = value[field];
    if (typeof text !== "string") continue;
    const hidden = mask(text);
    if (hidden !== text) shown = { ...shown, [field]: hidden };
  }
  return shown;
}

function maskJson(value: Json, mask: (text: string) => string): Json {
  if (typeof value === "string") return mask(value);
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map((each: Json) => maskJson(each, mask));
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, maskJson(each, mask)]));
}
