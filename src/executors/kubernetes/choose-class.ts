import type { RunnerClass } from "../../config/runner-classes.ts";

export type ChosenClass = { readonly chosen: RunnerClass } | { readonly refusal: string };

/**
 * The class that takes a job: the first that has all its labels, in any case, and its group where it names one. A job
 * without labels and group goes to the first class. As on GitHub each has `self-hosted`, its system and its processor
 * without being told; a label that a class names itself means only those that do.
 */
export function chooseClass(
  classes: readonly RunnerClass[],
  { labels, group }: { readonly labels: readonly string[]; readonly group?: string },
): ChosenClass {
  const inGroup = classes.filter((each) => group === undefined || each.group === group);
  if (inGroup.length === 0) {
    const groups = [...new Set(classes.flatMap((each) => (each.group === undefined ? [] : [each.group])))];
    return {
      refusal: `No runner class is in the group '${group}'; ${groups.length === 0 ? "no class has a group" : `there are: ${groups.join(", ")}`}.`,
    };
  }
  const takes = (each: RunnerClass, label: string) =>
    has(each, label) || (isGeneral(each, label) && !inGroup.some((other) => has(other, label)));
  const chosen = inGroup.find((each) => labels.every((label) => takes(each, label)));
  if (chosen !== undefined) return { chosen };
  const unknown = labels.filter((label) => !inGroup.some((each) => takes(each, label)));
  const known = [...new Set(inGroup.flatMap((each) => each.labels))].sort();
  return {
    refusal:
      unknown.length > 0
        ? `No runner class takes the label ${quoted(unknown)}; there are: ${known.join(", ")}.`
        : `No runner class has all of the labels ${quoted(labels)}; there are: ${inGroup
            .map((each) => `${each.name} (${each.labels.join(", ")})`)
            .join("; ")}.`,
  };
}

function has({ labels }: RunnerClass, label: string): boolean {
  return labels.some((own) => own.toLowerCase() === label.toLowerCase());
}

/** What `.platform.yaml` asks for is the first of these. */
function isGeneral({ arch }: RunnerClass, label: string): boolean {
  return ["self-hosted", "linux", arch === "arm64" ? "arm64" : "x64"].includes(label.toLowerCase());
}

function quoted(labels: readonly string[]): string {
  return labels.map((label) => `'${label}'`).join(", ");
}
