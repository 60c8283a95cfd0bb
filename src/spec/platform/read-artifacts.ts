import type { ArtifactSpec } from "../workflow-spec.ts";
import { parseExpiry } from "./expiry.ts";
import type { Entry, TextNode, YamlSource } from "./yaml-source.ts";

const KEYS = ["name", "path", "expires"];
/** What GitHub allows in no artifact's name, and what could not be a folder's everywhere. */
const NOT_IN_NAME = /["':<>|*?\r\n\\/]/;

export function readArtifacts(yaml: YamlSource, entry: Entry | undefined): ArtifactSpec[] {
  if (!entry || yaml.isEmpty(entry.value)) return [];
  const items = yaml.items(entry.value, "The artifacts", entry.key.range) ?? [];
  const names = new Set<string>();
  return items.flatMap((item, index): ArtifactSpec[] => {
    const range = yaml.rangeOf(item, entry.key.range);
    const what = `Artifact ${index + 1}`;
    const fields = yaml.fields(item, KEYS, what, range);
    if (!fields) return [];
    const read = (key: string): TextNode | undefined => {
      const field = fields.get(key);
      return field && yaml.text(field.value, `The ${key} of ${what.toLowerCase()}`, field.key.range);
    };
    for (const key of ["name", "path"]) {
      if (fields.has(key)) continue;
      yaml.diagnostics.error(
        "missing-key",
        { start: range.start, end: range.start + 1 },
        `${what} has no ${key}`,
        `Add '${key}:'`,
      );
    }
    const name = checkedName(yaml, read("name"), names);
    const path = checkedPath(yaml, read("path"));
    const expiresSeconds = checkedExpiry(yaml, read("expires"));
    if (name === undefined || path === undefined) return [];
    return [{ name, path, ...(expiresSeconds === undefined ? {} : { expiresSeconds }) }];
  });
}

function checkedName(yaml: YamlSource, name: TextNode | undefined, taken: Set<string>): string | undefined {
  if (!name) return undefined;
  const text = name.text;
  const illegal = NOT_IN_NAME.exec(text)?.[0];
  if (text.trim() === "" || text === "." || text === ".." || text.length > 200) {
    yaml.diagnostics.error("schema", name.range, `'${text}' is no name for an artifact`);
  } else if (illegal !== undefined) {
    yaml.diagnostics.error(
      "schema",
      name.range,
      `The name of an artifact must not contain ${JSON.stringify(illegal)}`,
    );
  } else if (taken.has(text.toLowerCase())) {
    yaml.diagnostics.error("duplicate-id", name.range, `There are two artifacts named '${text}'`);
  } else {
    taken.add(text.toLowerCase());
    return text;
  }
  return undefined;
}

function checkedPath(yaml: YamlSource, path: TextNode | undefined): string | undefined {
  if (!path) return undefined;
  if (path.text.trim() === "") {
    yaml.diagnostics.error("schema", path.range, "The path of an artifact must not be empty");
  } else if (/^([/\\~]|[A-Za-z]:)/.test(path.text) || path.text.split(/[/\\]/).includes("..")) {
    yaml.diagnostics.error(
      "schema",
      path.range,
      `The path '${path.text}' leaves the workspace`,
      "Paths of artifacts are relative to the root of the repository",
    );
  } else {
    return path.text;
  }
  return undefined;
}

function checkedExpiry(yaml: YamlSource, expires: TextNode | undefined): number | undefined {
  if (!expires) return undefined;
  const seconds = parseExpiry(expires.text);
  if (seconds === undefined) {
    yaml.diagnostics.error(
      "schema",
      expires.range,
      `'${expires.text}' is no time for expires`,
      "A number and one of s, m, h, d, w: '7d' keeps it for seven days",
    );
  }
  return seconds;
}
