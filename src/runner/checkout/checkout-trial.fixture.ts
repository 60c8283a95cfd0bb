/** A work tree to check out from and a workspace to check out into, new for each test of a file. */
import { readdirSync, readFileSync } from "node:fs";
import { afterEach, beforeEach } from "vitest";
import { ExecError } from "../../errors.ts";
import { GIT_ENV, TestFolder } from "../git/repository.fixture.ts";
import { type CheckoutContext, type CheckoutResult, runCheckout } from "./checkout.ts";

export class CheckoutTrial {
  folder: TestFolder = new TestFolder();
  source = "";
  workspace = "";
  log: string[] = [];
  warnings: string[] = [];
  masked: string[] = [];

  begin(): void {
    this.folder = new TestFolder();
    this.source = this.folder.join("source");
    this.workspace = this.folder.join("workspace");
    [this.log, this.warnings, this.masked] = [[], [], []];
  }

  context(more: Partial<CheckoutContext> = {}, bound = false): CheckoutContext {
    return {
      source: {
        builtin: true,
        repository: "me/project",
        serverUrl: "https://github.test",
        source: { kind: "worktree", path: this.source },
        bound,
      },
      workspace: this.workspace,
      temp: this.folder.join("temp"),
      github: { ref: "refs/heads/main" },
      env: GIT_ENV,
      signal: new AbortController().signal,
      log: (line) => this.log.push(line),
      warn: (message) => this.warnings.push(message),
      mask: (value) => this.masked.push(value),
      ...more,
    };
  }

  checkout(
    inputs: Record<string, string> = {},
    more: Partial<CheckoutContext> = {},
  ): Promise<CheckoutResult> {
    return runCheckout(inputs, this.context(more));
  }

  /** A file of the workspace. */
  read(path: string): string {
    return readFileSync(`${this.workspace}/${path}`, "utf8");
  }
}

export function useCheckoutTrial(): CheckoutTrial {
  const trial = new CheckoutTrial();
  trial.folder.remove();
  beforeEach(() => trial.begin());
  afterEach(() => trial.folder.remove());
  return trial;
}

/** The `ExecError` that a promise must reject with. */
export async function failure(promise: Promise<unknown>): Promise<ExecError> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof ExecError) return error;
  throw new Error(`expected an ExecError, got ${String(error)}`);
}

/** Every file below, relative, without git's own. */
export function filesIn(directory: string): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => `${entry.parentPath}/${entry.name}`.slice(directory.length + 1))
    .filter((path) => !path.split("/").includes(".git"))
    .sort();
}
