import type { TextRange } from "../source-text.ts";
import type { PlatformStep } from "./platform-step.ts";
import type { Entry, TextNode, YamlSource } from "./yaml-source.ts";

const STEP_KEYS = ["name", "image", "commands", "environment", "depends_on"];
const VARIABLE = /^[A-Za-z_][A-Za-z0-9_]*$/;
const MAX_NAME = 200;

/** The `pipeline` of a file. A step without a name is told and given none, so that the rest of it is read too. */
export function readSteps(yaml: YamlSource, pipeline: Entry | undefined): PlatformStep[] {
  if (!pipeline) return [];
  const fields = yaml.fields(pipeline.value, ["steps"], "The pipeline", pipeline.key.range);
  if (!fields) return [];
  const steps = fields.get("steps");
  if (!steps) {
    yaml.diagnostics.error(
      "missing-key",
      pipeline.key.range,
      "The pipeline has no steps",
      "Add 'steps:' with at least one step",
    );
    return [];
  }
  const items = yaml.items(steps.value, "The pipeline's steps", steps.key.range);
  if (items?.length === 0) {
    yaml.diagnostics.error("missing-key", steps.key.range, "The pipeline must have at least one step");
  }
  return (items ?? []).flatMap((item, index): PlatformStep[] => {
    const range = yaml.rangeOf(item, steps.key.range);
    const known = yaml.fields(item, STEP_KEYS, `Step ${index + 1}`, range);
    return known ? [readStep(yaml, known, index, range)] : [];
  });
}

function readStep(
  yaml: YamlSource,
  fields: ReadonlyMap<string, Entry>,
  index: number,
  range: TextRange,
): PlatformStep {
  const first = { start: range.start, end: range.start + 1 };
  const name = readName(yaml, fields.get("name"), index, first);
  const title = `step '${name.text}'`;
  const image = requiredText(yaml, fields.get("image"), "image", title, first);
  const environment = fields.get("environment");
  const dependsOn = fields.get("depends_on");
  return {
    name,
    image,
    commands: readCommands(yaml, fields.get("commands"), title, first),
    environment: environment ? readEnvironment(yaml, environment, title) : [],
    dependsOn: dependsOn && readDependsOn(yaml, dependsOn, title),
    range: first,
  };
}

function readName(yaml: YamlSource, entry: Entry | undefined, index: number, range: TextRange): TextNode {
  const name = requiredText(yaml, entry, "name", `step ${index + 1}`, range);
  if (!name) return { text: `step ${index + 1}`, range };
  if (name.text.length > MAX_NAME || /[\r\n]/.test(name.text)) {
    yaml.diagnostics.error(
      "schema",
      name.range,
      `The name of step ${index + 1} must be one line of at most 200 characters`,
    );
  }
  return name;
}

function requiredText(
  yaml: YamlSource,
  entry: Entry | undefined,
  key: string,
  owner: string,
  range: TextRange,
): TextNode | undefined {
  if (!entry) {
    yaml.diagnostics.error("missing-key", range, `${upperFirst(owner)} has no ${key}`, `Add '${key}:'`);
    return undefined;
  }
  const text = yaml.text(entry.value, `The ${key} of ${owner}`, entry.key.range);
  if (text?.text.trim() === "") {
    yaml.diagnostics.error("schema", text.range, `The ${key} of ${owner} must not be empty`);
    return undefined;
  }
  return text;
}

function readCommands(
  yaml: YamlSource,
  entry: Entry | undefined,
  title: string,
  range: TextRange,
): TextNode[] {
  const commands = entry && yaml.texts(entry.value, `The commands of ${title}`, entry.key.range);
  if (!entry || commands?.length === 0) {
    yaml.diagnostics.error(
      "missing-key",
      entry?.key.range ?? range,
      `${upperFirst(title)} has no commands`,
      "Add 'commands:' with at least one shell command",
    );
  }
  return commands ?? [];
}

function readEnvironment(
  yaml: YamlSource,
  entry: Entry,
  title: string,
): { name: TextNode; value: TextNode }[] {
  const entries = yaml.entries(entry.value, `The environment of ${title}`, entry.key.range) ?? [];
  return entries.flatMap(({ key, value }) => {
    if (!VARIABLE.test(key.text)) {
      yaml.diagnostics.error(
        "schema",
        key.range,
        `'${key.text}' is no name for an environment variable`,
        "Letters, digits and '_', not beginning with a digit",
      );
      return [];
    }
    if (yaml.isEmpty(value)) return [{ name: key, value: { text: "", range: key.range } }];
    const text = yaml.text(value, `The environment variable '${key.text}'`, key.range);
    return text ? [{ name: key, value: text }] : [];
  });
}

/** Written but empty is the same as `[]`: it waits for nothing. */
function readDependsOn(yaml: YamlSource, entry: Entry, title: string): TextNode[] {
  if (yaml.isEmpty(entry.value)) return [];
  return yaml.texts(entry.value, `The depends_on of ${title}`, entry.key.range) ?? [];
}

function upperFirst(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
