import { existsSync, readFileSync } from "node:fs";
import { join, posix } from "node:path";
import { checkCall } from "../../builds/check-call.ts";
import type { Diagnostic } from "../../spec/diagnostic.ts";
import { pathInOwnRepository } from "../../spec/path-in-own-repository.ts";
import { suggest } from "../../spec/suggest.ts";
import type { SourcePosition } from "../../spec/template/template-value.ts";
import type { CallJobSpec, StepSpec, WorkflowSpec } from "../../spec/workflow-spec.ts";
import { describeFileError } from "./file-error.ts";
import { displayPath, projectPipelines } from "./find-pipelines.ts";

/** A file with everything that is wrong with it. */
export interface CheckedFile {
  readonly file: string;
  readonly content: string;
  readonly spec: WorkflowSpec | undefined;
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * Checks what pipelines refer to in their own repository: called workflows (there, sound, called as they say), and,
 * where `withActions`, local actions. Gives the same files with more diagnostics, then the files that were found so.
 */
export async function checkReferences(
  pipelines: readonly CheckedFile[],
  root: string,
  withActions: boolean,
): Promise<CheckedFile[]> {
  const checker = new ReferenceChecker(root, withActions, pipelines);
  // Files that are called are added while the list is walked.
  for (const file of checker.files.values()) await checker.check(file);
  return [...checker.files.values()];
}

interface GrowingFile extends CheckedFile {
  readonly diagnostics: Diagnostic[];
}

class ReferenceChecker {
  readonly files: Map<string, GrowingFile>;
  readonly #root: string;
  readonly #withActions: boolean;

  constructor(root: string, withActions: boolean, pipelines: readonly CheckedFile[]) {
    this.#root = root;
    this.#withActions = withActions;
    this.files = new Map(
      pipelines.map((each) => [each.file, { ...each, diagnostics: [...each.diagnostics] }]),
    );
  }

  async check(from: GrowingFile): Promise<void> {
    for (const job of from.spec?.jobs ?? []) {
      if (job.kind === "call") await this.#call(job, from);
      else if (this.#withActions) {
        const steps = allSteps(job.steps);
        const checkouts = checkoutFolders(steps);
        for (const step of steps) await this.#action(step, from, checkouts);
      }
    }
  }

  async #call(job: CallJobSpec, from: GrowingFile): Promise<void> {
    const path = pathInOwnRepository(job.uses);
    if (path === undefined) return;
    const file = posix.normalize(path);
    if (file.startsWith("../")) {
      from.diagnostics.push(problem("invalid-call", `'${job.uses}' is outside of the repository`, job, from));
      return;
    }
    const known = this.files.get(file) ?? (await this.#load(file, job, from));
    if (known === undefined) return;
    if (known.spec === undefined) {
      from.diagnostics.push(problem("invalid-call", `The called workflow ${file} has mistakes.`, job, from));
      return;
    }
    const allowed = job.permissions ?? from.spec?.permissions;
    for (const message of checkCall(job, known.spec, allowed))
      from.diagnostics.push(problem("invalid-call", message, job, from));
  }

  async #load(file: string, job: CallJobSpec, from: GrowingFile): Promise<GrowingFile | undefined> {
    let content: string;
    try {
      content = readFileSync(join(this.#root, file), "utf8");
    } catch (error) {
      const known = projectPipelines(this.#root).map((path) => displayPath(path, this.#root));
      const meant = suggest(file, known);
      from.diagnostics.push({
        ...problem(
          "unknown-workflow",
          `Cannot read the workflow '${job.uses}': ${describeFileError(error)}`,
          job,
          from,
        ),
        ...(meant === undefined ? {} : { hint: `Did you mean ./${meant}?` }),
      });
      return undefined;
    }
    const { parsePipeline } = await import("../../spec/parse-pipeline.ts");
    const { spec, diagnostics } = parsePipeline({ path: file, content });
    const loaded = { file, content, spec, diagnostics };
    this.files.set(file, loaded);
    return loaded;
  }

  async #action(step: StepSpec, from: GrowingFile, checkouts: readonly string[]): Promise<void> {
    const path = step.kind === "uses" ? pathInOwnRepository(step.uses) : undefined;
    if (step.kind !== "uses" || path === undefined) return;
    const folder = posix.normalize(path) || ".";
    // It may be there in the workspace; here it is none of the project's.
    if (folder.startsWith("..")) return;
    const name = ["action.yml", "action.yaml"].find((each) => existsSync(join(this.#root, folder, each)));
    if (name === undefined) {
      const inWorkspace = step.uses.startsWith("./");
      if (existsSync(join(this.#root, folder, "Dockerfile"))) return;
      if (inWorkspace && checkouts.some((each) => each === "" || `${folder}/`.startsWith(`${each}/`))) return;
      const message = `There is no action.yml, action.yaml or Dockerfile in '${step.uses}'`;
      const found = problem("unknown-action", message, step, from);
      const hint =
        "It is looked for in the workspace when the step runs: an earlier step must bring it there.";
      from.diagnostics.push(inWorkspace ? { ...found, severity: "warning", hint } : found);
      return;
    }
    const file = posix.join(folder, name);
    if (this.files.has(file)) return;
    const content = readFileSync(join(this.#root, file), "utf8");
    const { parseAction } = await import("../../spec/actions/parse-action.ts");
    const { spec, diagnostics } = parseAction({ path: file, content });
    this.files.set(file, { file, content, spec: undefined, diagnostics });
    if (spec?.runs.using === "composite")
      for (const inner of allSteps(spec.runs.steps))
        await this.#action(inner, this.files.get(file) ?? from, checkouts);
  }
}

/** Folders of the workspace that steps check out into, besides its root; "" for one that is known only at run time. */
function checkoutFolders(steps: readonly StepSpec[]): string[] {
  return steps.flatMap((step) => {
    if (step.kind !== "uses" || !/^actions\/checkout@/i.test(step.uses)) return [];
    const path = step.with?.entries.find(({ key }) => key === "path")?.value;
    if (path === undefined || path === null) return [];
    return [typeof path === "string" ? path.replace(/^(?:\.\/)+|\/+$/g, "") : ""];
  });
}

function allSteps(steps: readonly StepSpec[]): StepSpec[] {
  return steps.flatMap((step) => (step.kind === "parallel" ? allSteps(step.steps) : [step]));
}

function problem(
  code: string,
  message: string,
  { at }: { readonly at: SourcePosition },
  from: CheckedFile,
): Diagnostic {
  return {
    severity: "error",
    code,
    message,
    file: from.file,
    line: at.line,
    column: at.column,
    endLine: at.line,
    endColumn: at.column + 1,
  };
}
