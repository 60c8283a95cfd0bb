import { expect, it } from "vitest";
import { readRunnerClasses } from "../../config/runner-classes.ts";
import { chooseClass } from "./choose-class.ts";

const CLASSES = readRunnerClasses(
  "classes.yaml",
  `classes:
  - { name: big, labels: [big, ubuntu-latest] }
  - { name: arm, labels: [ubuntu-latest, arm], arch: arm64 }
  - { name: own, labels: [own], group: ours }
`,
  { namespace: "ci", kitImage: "kit" },
);
const chosen = (labels: string[], classes = CLASSES, group?: string) => {
  const choice = chooseClass(classes, group === undefined ? { labels } : { labels, group });
  return "chosen" in choice ? choice.chosen.name : choice.refusal;
};

it.each([
  [[], "big"],
  [["ubuntu-latest"], "big"],
  [["Ubuntu-Latest", "ARM"], "arm"],
  [["self-hosted"], "big"],
  [["self-hosted", "Linux", "X64", "own"], "own"],
  [["self-hosted", "linux", "arm64"], "arm"],
])("labels %j go to the first class that has them all", (labels, name) => {
  expect(chosen(labels)).toBe(name);
});

it("takes a class in the group that is asked for", () => {
  expect(chosen(["self-hosted"], CLASSES, "ours")).toBe("own");
  expect(chosen([], CLASSES, "theirs")).toBe("No runner class is in the group 'theirs'; there are: ours.");
});

it("lets a general label that classes name themselves mean those classes", () => {
  const named = readRunnerClasses(
    "classes.yaml",
    "classes: [{ name: gpu, labels: [gpu] }, { name: plain, labels: [linux] }]",
    { namespace: "ci", kitImage: "kit" },
  );
  expect(chosen(["linux"], named)).toBe("plain");
  expect(chosen(["self-hosted"], named)).toBe("gpu");
});

it.each([
  [
    ["windows-latest"],
    "No runner class takes the label 'windows-latest'; there are: arm, big, own, ubuntu-latest.",
  ],
  [
    ["big", "arm"],
    "No runner class has all of the labels 'big', 'arm'; there are: big (big, ubuntu-latest); arm (ubuntu-latest, arm); own (own).",
  ],
])("says of %j what there is", (labels, refusal) => {
  expect(chosen(labels)).toBe(refusal);
});
