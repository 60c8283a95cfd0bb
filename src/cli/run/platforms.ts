import { UsageError } from "../usage-error.ts";

/** What `--platform` says of labels, in lower case. */
export interface Platforms {
  /** Mean this machine. */
  readonly local: ReadonlySet<string>;
  /** Jobs with the label run in this image. */
  readonly images: ReadonlyMap<string, string>;
}

/** `--platform label=local` or `label=image`; of a label that comes twice the last counts. Throws `UsageError` on anything else. */
export function parsePlatforms(texts: readonly string[]): Platforms {
  const local = new Set<string>();
  const images = new Map<string, string>();
  for (const text of texts) {
    // Names of images hold no "=", labels may.
    const at = text.lastIndexOf("=");
    const label = text.slice(0, Math.max(0, at)).trim().toLowerCase();
    const place = text
      .slice(at + 1)
      .trim()
      .replace(/^docker:\/\//, "");
    if (label === "" || place === "")
      throw new UsageError(
        `--platform ${text} is not of the form label=image or label=local.`,
        "For example: --platform ubuntu-latest=node:24-bookworm",
      );
    local.delete(label);
    images.delete(label);
    // act says `-self-hosted` for the machine itself.
    if (["local", "host", "-self-hosted"].includes(place)) local.add(label);
    else if (/^[\w][\w./:@-]*$/.test(place)) images.set(label, place);
    else throw new UsageError(`--platform ${text}: '${place}' is no name of an image.`);
  }
  return { local, images };
}
