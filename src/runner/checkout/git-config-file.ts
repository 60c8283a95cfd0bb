/** A git config file as text: sections in order, each with its settings. */
export interface ConfigSection {
  readonly name: string;
  readonly subsection?: string;
  readonly settings: readonly (readonly [key: string, value: string])[];
}

export function gitConfigFile(sections: readonly ConfigSection[]): string {
  return sections
    .map(({ name, subsection, settings }) => {
      const title = subsection === undefined ? name : `${name} "${subsection.replace(/[\\"]/g, "\\$&")}"`;
      return `[${title}]\n${settings.map(([key, value]) => `\t${key} = ${quoted(value)}\n`).join("")}`;
    })
    .join("");
}

function quoted(value: string): string {
  const escaped = value.replace(/[\\"]/g, "\\$&").replaceAll("\n", "\\n").replaceAll("\t", "\\t");
  return `"${escaped}"`;
}

/** Reads `git config --list -z`: `key\nvalue` each; later values of a key come later. */
export function parseConfigList(output: string): [key: string, value: string][] {
  return output
    .split("\0")
    .filter((entry) => entry !== "")
    .map((entry) => {
      const end = entry.indexOf("\n");
      return end === -1 ? [entry, "true"] : [entry.slice(0, end), entry.slice(end + 1)];
    });
}
