import { existsSync, readFileSync } from "node:fs";
import { join, posix } from "node:path";
import { type CheckedFile, checkCalls, type GrowingFile, problemAt } from "../../builds/check-calls.ts";
import { pathInOwnRepository } from "../../spec/path-in-own-repository.ts";
import type { StepSpec } from "../../spec/workflow-spec.ts";
import { describeFileError } from "./file-error.ts";
import { displayPath, projectPipelines } from "./find-pipelines.ts";

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
    await checkCalls(from, this.files, {
      read: async (file) => this.#read(file),
      pipelines: async () => projectPipelines(this.#root).map((path) => displayPath(path, this.#root)),
    });
    if (!this.#withActions) return;
    for (const job of from.spec?.jobs ?? []) {
      if (job.kind === "call") continue;
      const steps = allSteps(job.steps);
      const checkouts = checkoutFolders(steps);
      for (const step of steps) await this.#action(step, from, checkouts);
    }
  }

  #read(file: string): { readonly content: string } | { readonly problem: string } {
    try {
      return { content: readFileSync(join(this.#root, file), "utf8") };
    } catch (error) {
      return { problem: describeFileError(error) };
    }
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
      const found = problemAt("unknown-action", message, step.at, from.file);
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
