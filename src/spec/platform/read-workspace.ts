import { suggest } from "../suggest.ts";
import type { Entry, YamlSource } from "./yaml-source.ts";

const CHOICES = ["clone", "pvc"];

/** `workspace`: whether the steps share one. Absent in the file: each clones the commit into its own. */
export function readWorkspace(yaml: YamlSource, entry: Entry | undefined): "shared" | undefined {
  if (!entry) return undefined;
  const choice = yaml.text(entry.value, "workspace", entry.key.range);
  if (!choice || choice.text === "clone") return undefined;
  if (choice.text === "pvc") return "shared";
  const meant = suggest(choice.text, CHOICES);
  yaml.diagnostics.error(
    "schema",
    choice.range,
    `workspace must be clone or pvc, not '${choice.text}'`,
    meant ? `Did you mean '${meant}'?` : "clone: each step its own; pvc: one that all steps share",
  );
  return undefined;
}
