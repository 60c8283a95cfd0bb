import { ExecError } from "../errors.ts";
import { parseConfigFile } from "./parse-config-file.ts";
import { type RunnerClassesFile, runnerClassesSchema } from "./runner-classes-schema.ts";

type Given = RunnerClassesFile["classes"][number];

/** A kind of runner on a cluster: which jobs it takes, and what their pods are made from. */
export interface RunnerClass extends Omit<Given, "namespace" | "image" | "kit" | "workspace" | "arch"> {
  /** `{project}` in it is replaced. */
  readonly namespace: string;
  /** Of jobs without `container:`. */
  readonly image: string;
  readonly arch: "amd64" | "arm64";
  readonly kit: {
    readonly image: string;
    readonly mount: "copy" | "image";
    readonly imagePullPolicy?: "Always" | "IfNotPresent" | "Never" | undefined;
  };
  readonly workspace: NonNullable<Given["workspace"]>;
  readonly unschedulableTimeout: number;
  readonly keepFinished: number;
}

export interface RunnerClassDefaults {
  /** Where a class names no namespace. */
  readonly namespace: string;
  readonly kitImage: string;
}

const DEFAULT_IMAGE = "debian:12-slim";
const UNSCHEDULABLE_MS = 10 * 60_000;
const KEEP_FINISHED_MS = 3_600_000;

/**
 * Reads the file that `kubernetes.classes` names. Throws `InvalidSpec` with all that is wrong, each with its path. What
 * `defaults` says holds for each class that says nothing else: mappings are merged, lists replaced.
 */
export function readRunnerClasses(
  file: string,
  text: string,
  { namespace, kitImage }: RunnerClassDefaults,
): readonly RunnerClass[] {
  const yaml = parseConfigFile(file, text);
  if ("problem" in yaml) throw new ExecError("InvalidSpec", yaml.problem);
  const result = runnerClassesSchema.safeParse(yaml.content);
  if (!result.success) {
    const problems = result.error.issues.map(
      ({ path, message }) => `${file}: ${path.length === 0 ? "" : `${path.join(".")}: `}${message}`,
    );
    throw new ExecError("InvalidSpec", problems.join("\n"));
  }
  const { defaults = {}, classes } = result.data;
  const names = new Set<string>();
  return classes.map((own) => {
    if (names.has(own.name))
      throw new ExecError("InvalidSpec", `${file}: two classes are called '${own.name}'`);
    names.add(own.name);
    const given = merge(defaults, own) as Given;
    return {
      ...given,
      namespace: given.namespace ?? namespace,
      image: given.image ?? DEFAULT_IMAGE,
      arch: given.arch ?? "amd64",
      kit: {
        ...given.kit,
        image: given.kit?.image ?? kitImage,
        mount: given.kit?.mount ?? "copy",
      },
      workspace: given.workspace ?? { kind: "emptyDir" },
      unschedulableTimeout: given.unschedulableTimeout ?? UNSCHEDULABLE_MS,
      keepFinished: given.keepFinished ?? KEEP_FINISHED_MS,
    };
  });
}

type Mapping = { readonly [key: string]: unknown };

function merge(under: Mapping, over: Mapping): Mapping {
  const merged: { [key: string]: unknown } = { ...under };
  for (const [key, value] of Object.entries(over)) {
    if (value === undefined) continue;
    const below = merged[key];
    // A workspace of another kind is another one, not a change of it.
    const same = !(isMapping(below) && isMapping(value)) || below.kind === value.kind;
    merged[key] = isMapping(below) && isMapping(value) && same ? merge(below, value) : value;
  }
  return merged;
}

function isMapping(value: unknown): value is Mapping {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
