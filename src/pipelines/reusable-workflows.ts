import { readFile } from "node:fs/promises";
import { join, posix } from "node:path";
import type { LoadWorkflow, WorkflowOrigin } from "../builds/load-workflow.ts";
import { ExecError } from "../errors.ts";
import type { ActionSources, CheckoutSource } from "../protocol/job-request.ts";
import { pathInOwnRepository } from "../spec/path-in-own-repository.ts";

export interface WorkflowSources {
  /** A file of the build's own repository, at the build's commit. Undefined: there is none; rejects with `ExecError`. */
  readonly readOwn: (path: string) => Promise<string | undefined>;
  readonly actions: ActionSources;
  readonly checkout: CheckoutSource;
  readonly actionCache: string;
  readonly env: { readonly [name: string]: string };
  readonly now: () => number;
  /** What is fetched is told here. */
  readonly log: (line: string) => void;
}

/** Reads called workflows from the build's own repository, or from another through the action cache. */
export function reusableWorkflows(sources: WorkflowSources): LoadWorkflow {
  return async (uses, from, signal) => {
    const path = pathInOwnRepository(uses);
    const place =
      path === undefined
        ? await elsewhere(uses, sources, signal)
        : await nearby(uses, path, from, sources, signal);
    const content = await place.read();
    if (content === undefined) {
      const where = place.origin.repository === undefined ? "" : ` in ${place.origin.repository}`;
      throw new ExecError("NotFound", `Cannot read the workflow '${uses}'${where}: there is no such file.`);
    }
    return { spec: await parse(content, place.origin), content, origin: place.origin };
  };
}

interface Place {
  read(): Promise<string | undefined>;
  readonly origin: WorkflowOrigin;
}

/** `./path`, like `$/path`, is in the repository, and at the commit, of the file that calls. */
async function nearby(
  uses: string,
  path: string,
  from: WorkflowOrigin,
  sources: WorkflowSources,
  signal: AbortSignal,
): Promise<Place> {
  const file = posix.normalize(path);
  if (file.startsWith("../") || file === "..")
    throw new ExecError("InvalidSpec", `The workflow '${uses}' is outside of its repository.`);
  if (from.repository === undefined) return { read: () => sources.readOwn(file), origin: { file } };
  const other = await elsewhere(
    `${from.repository}/${file}@${from.sha ?? from.ref ?? "HEAD"}`,
    sources,
    signal,
  );
  return { read: other.read, origin: { ...from, file } };
}

async function elsewhere(uses: string, sources: WorkflowSources, signal: AbortSignal): Promise<Place> {
  const { createActionStore } = await import("../runner/actions/action-store.ts");
  const store = createActionStore({
    sources: sources.actions,
    cacheDirectory: sources.actionCache,
    checkout: sources.checkout,
    env: sources.env,
    now: sources.now,
  });
  const { root, repository, path, ref, sha } = await store.fetchRepository(uses, {
    signal,
    log: sources.log,
  });
  const read = () => readIfThere(join(root, path));
  return { read, origin: { file: path, repository, ref, ...(sha === undefined ? {} : { sha }) } };
}

/** Rejects with `Permanent` where the file is there and cannot be read. */
export async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    const why =
      code === "EISDIR" ? "it is a folder" : code === "EACCES" ? "permission denied" : String(error);
    throw new ExecError("Permanent", `Cannot read ${path}: ${why}.`, { cause: error });
  }
}

async function parse(content: string, { file, repository }: WorkflowOrigin) {
  const { parsePipeline } = await import("../spec/parse-pipeline.ts");
  const { spec, diagnostics } = parsePipeline({ path: file, content });
  if (spec !== undefined) return spec;
  const { formatDiagnostic } = await import("../spec/format-diagnostic.ts");
  const mistakes = diagnostics
    .filter(({ severity }) => severity === "error")
    .map((diagnostic) => formatDiagnostic(diagnostic, content, { color: false }));
  const where = repository === undefined ? file : `${repository}/${file}`;
  throw new ExecError("InvalidSpec", `The called workflow ${where} has mistakes:\n${mistakes.join("\n")}`);
}
