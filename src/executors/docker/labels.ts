import type { JobNeeds } from "../executor.ts";

type Images = { readonly [label: string]: string };

/** Labels that any Linux machine with Docker has. */
const GENERAL = new Set(["self-hosted", "linux", "docker", "x64", "arm64"]);
const FOREIGN = /^(windows|macos)(-|$)/;

/** The image of the first label that has one. */
export function imageForLabels(labels: readonly string[], images: Images): string | undefined {
  for (const label of labels) {
    const image = images[label.toLowerCase()];
    if (image !== undefined) return image;
  }
  return undefined;
}

/** Why no container here can take a job; undefined: one can. */
export function refusalOfLabels({ labels, container }: JobNeeds, images: Images): string | undefined {
  const known = (label: string) =>
    images[label.toLowerCase()] !== undefined || GENERAL.has(label.toLowerCase());
  const foreign = labels.find((label) => FOREIGN.test(label.toLowerCase()) && !known(label));
  if (container) {
    return foreign === undefined
      ? undefined
      : `The label '${foreign}' is of no Linux machine, and containers here are Linux's.`;
  }
  const unknown = labels.find((label) => !known(label));
  if (unknown === undefined && imageForLabels(labels, images) !== undefined) return undefined;
  const list = Object.entries(images).map(([label, image]) => `${label} (${image})`);
  const there =
    list.length === 0 ? "No label has an image here" : `Labels with an image here: ${list.join(", ")}`;
  const asked = unknown ?? labels.join(", ");
  const what = asked === "" ? "The job names no label" : `No image is set for the label '${asked}'`;
  return `${what}. ${there}. To set one: -P ${unknown ?? "label"}=image`;
}
