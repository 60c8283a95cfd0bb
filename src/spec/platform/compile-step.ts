import { suggest } from "../suggest.ts";
import type {
  SourcePosition,
  TemplateEntry,
  TemplateMapping,
  TemplateValue,
} from "../template/template-value.ts";
import type { ArtifactSpec, StepSpec, StepsJobSpec } from "../workflow-spec.ts";
import { joinPieces, splitText, type TextPiece, textPiece } from "./expression-text.ts";
import type { PlatformStep } from "./platform-step.ts";
import { PLATFORM_VARIABLES, STEP_NAME } from "./platform-variables.ts";
import type { TextRange } from "./problems.ts";
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
  const at = yaml.problems.position(step.range.start);
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
  const script = stepScript(step.commands.map(({ text }) => text));
  return {
    kind: "run",
    name: step.name.text,
    run: compile(yaml, script, range, `The commands of step '${step.name.text}' are`),
    shell: "sh",
    background: false,
    at: yaml.problems.position(range.start),
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
    return { key: name.text, value: compile(yaml, splitText(value.text).pieces, value.range, what) };
  });
  return { kind: "mapping", entries };
}

/** An image is chosen by no shell, so its `$COMMIT_SHA` is replaced here. */
function imageOf(yaml: YamlSource, image: TextNode, stepName: string): TemplateValue {
  const pieces = splitText(image.text).pieces.flatMap((piece) =>
    piece.kind === "text" ? replaceVariables(yaml, piece.text, image, stepName) : [piece],
  );
  return compile(yaml, pieces, image.range, `The image of step '${stepName}' is`);
}

function replaceVariables(yaml: YamlSource, text: string, image: TextNode, stepName: string): TextPiece[] {
  const pieces: TextPiece[] = [];
  let end = 0;
  for (const match of text.matchAll(VARIABLE)) {
    const name = match[1] ?? match[2] ?? "";
    pieces.push(...textPiece(text.slice(end, match.index)));
    end = match.index + match[0].length;
    const source = PLATFORM_VARIABLES.get(name);
    if (name === STEP_NAME) pieces.push(...textPiece(stepName));
    else if (source !== undefined) pieces.push({ kind: "expression", source, offset: match.index });
    else {
      const known = [...PLATFORM_VARIABLES.keys(), STEP_NAME];
      const meant = suggest(name, known);
      yaml.problems.add(image.range, "unknown-variable", `There is no variable '${name}' for an image`, {
        hint: meant ? `Did you mean '${meant}'?` : `Known: ${known.join(", ")}`,
      });
    }
  }
  return [...pieces, ...textPiece(text.slice(end))];
}

/** The value of the pieces; tells where GitHub's limits for one expression do not hold them. */
function compile(yaml: YamlSource, pieces: readonly TextPiece[], at: TextRange, what: string): TemplateValue {
  const value = joinPieces(pieces, yaml.problems.position(at.start));
  const count = pieces.filter(({ kind }) => kind === "expression").length;
  const isExpression = typeof value === "object" && value?.kind === "expression";
  if (isExpression && (value.source.length > MAX_EXPRESSION_LENGTH || count > MAX_EXPRESSIONS)) {
    yaml.problems.add(at, "expression", `${what} too long to hold expressions`, {
      hint: "Put the commands into a script, and what the expressions give into 'environment'",
    });
  }
  return value;
}
