import type { TextRange } from "../source-text.ts";
import { suggest } from "../suggest.ts";
import { joinSegments, type Segment, splitExpressions } from "../template/split-expressions.ts";
import type {
  SourcePosition,
  TemplateEntry,
  TemplateMapping,
  TemplateValue,
} from "../template/template-value.ts";
import type { ArtifactSpec, StepSpec, StepsJobSpec } from "../workflow-spec.ts";
import type { PlatformStep } from "./platform-step.ts";
import { PLATFORM_VARIABLES, STEP_NAME } from "./platform-variables.ts";
import { stepScript } from "./step-script.ts";
import type { TextNode, YamlSource } from "./yaml-source.ts";

const VARIABLE = /\$(?:\{(\w+)\}|([A-Za-z_]\w*))/g;
const MAX_EXPRESSION_LENGTH = 21_000;
const MAX_EXPRESSIONS = 254;

/**
 * One step as a job of its own: it clones the commit, then runs the commands with the platform's variables. `needs`
 * and `id` are the caller's, since they depend on the other steps.
 */
export function compileStep(
  yaml: YamlSource,
  step: PlatformStep,
  place: {
    readonly id: string;
    readonly needs: readonly string[];
    readonly artifacts: readonly ArtifactSpec[];
  },
): StepsJobSpec {
  const at = yaml.position(step.range);
  return {
    kind: "steps",
    id: place.id,
    name: step.name.text,
    needs: place.needs,
    at,
    runsOn: "self-hosted",
    env: platformEnvironment(step.name.text, at),
    steps: [cloneStep(at), commandsStep(yaml, step)],
    ...(step.image ? { preferredImage: imageOf(yaml, step.image, step.name.text) } : {}),
    ...(place.artifacts.length === 0 ? {} : { collect: place.artifacts }),
  };
}

function cloneStep(at: SourcePosition): StepSpec {
  return { kind: "uses", uses: "actions/checkout@v4", name: "Clone the commit", background: false, at };
}

function commandsStep(yaml: YamlSource, step: PlatformStep): StepSpec {
  const range = step.commands[0]?.range ?? step.range;
  const commands = step.commands.map(({ text }) => text.trimEnd());
  const script = stepScript(commands);
  return {
    kind: "run",
    name: step.name.text,
    run: compile(yaml, script, range, `The commands of step '${step.name.text}' are`),
    shown: commands.join("\n"),
    shell: "sh",
    background: false,
    at: yaml.position(range),
    ...(step.environment.length === 0 ? {} : { env: environmentOf(yaml, step) }),
  };
}

function platformEnvironment(stepName: string, at: SourcePosition): TemplateMapping {
  const variables = [...PLATFORM_VARIABLES].map(
    ([key, source]): TemplateEntry => ({
      key,
      value: { kind: "expression", source, at },
    }),
  );
  return { kind: "mapping", entries: [...variables, { key: STEP_NAME, value: stepName }] };
}

function environmentOf(yaml: YamlSource, step: PlatformStep): TemplateMapping {
  const entries = step.environment.map(({ name, value }): TemplateEntry => {
    const what = `The environment variable '${name.text}' is`;
    return { key: name.text, value: compile(yaml, splitExpressions(value.text).segments, value.range, what) };
  });
  return { kind: "mapping", entries };
}

/** An image is chosen by no shell, so its `$COMMIT_SHA` is replaced here. */
function imageOf(yaml: YamlSource, image: TextNode, stepName: string): TemplateValue {
  const segments = splitExpressions(image.text).segments.flatMap((segment) =>
    segment.kind === "text" ? replaceVariables(yaml, segment.text, image, stepName) : [segment],
  );
  return compile(yaml, segments, image.range, `The image of step '${stepName}' is`);
}

function replaceVariables(yaml: YamlSource, text: string, image: TextNode, stepName: string): Segment[] {
  const segments: Segment[] = [];
  let at = 0;
  for (const match of text.matchAll(VARIABLE)) {
    const name = match[1] ?? match[2] ?? "";
    const { index: start } = match;
    const end = start + match[0].length;
    segments.push({ kind: "text", text: text.slice(at, start) });
    at = end;
    const source = PLATFORM_VARIABLES.get(name);
    if (name === STEP_NAME) segments.push({ kind: "text", text: stepName });
    else if (source !== undefined) segments.push({ kind: "expression", source, offset: start, start, end });
    else tellUnknownVariable(yaml, name, image);
  }
  return [...segments, { kind: "text", text: text.slice(at) }];
}

function tellUnknownVariable(yaml: YamlSource, name: string, image: TextNode): void {
  const known = [...PLATFORM_VARIABLES.keys(), STEP_NAME];
  const meant = suggest(name, known);
  const hint = meant ? `Did you mean '${meant}'?` : `Known: ${known.join(", ")}`;
  yaml.diagnostics.error(
    "unknown-variable",
    image.range,
    `There is no variable '${name}' for an image`,
    hint,
  );
}

/** What the segments give together; tells where GitHub's limits for one expression do not hold them. */
function compile(
  yaml: YamlSource,
  segments: readonly Segment[],
  range: TextRange,
  what: string,
): TemplateValue {
  const count = segments.filter(({ kind }) => kind === "expression").length;
  if (count === 0) return segments.map((segment) => (segment.kind === "text" ? segment.text : "")).join("");
  const source = joinSegments(segments);
  if (source.length > MAX_EXPRESSION_LENGTH || count > MAX_EXPRESSIONS) {
    const hint = "Put the commands into a script, and what the expressions give into 'environment'";
    yaml.diagnostics.error("expression", range, `${what} too long to hold expressions`, hint);
  }
  return { kind: "expression", source, at: yaml.position(range) };
}
