import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { git } from "../../runner/git/repository.fixture.ts";
import type { ExecutorUnderTest, Files } from "./executor-under-test.ts";
import { plainRequest } from "./plain-request.ts";
import { processesWith } from "./processes-with.ts";

/** What steps on a bare host have in their environment, and nobody else. */
const OF_A_STEP = "RUNNER_TRACKING_ID=";

/** A folder of this machine in which jobs of a bare host run: all of a place but its executor. */
export function hostPlace(): Omit<ExecutorUnderTest, "executor"> {
  const root = realpathSync(mkdtempSync(join(tmpdir(), "slipway-executor-")));
  const roots = new Map<string, string>();
  const rootOf = (jobKey: string): string => {
    const known = roots.get(jobKey) ?? join(root, `job-${roots.size}`);
    if (!roots.has(jobKey)) mkdirSync(known);
    roots.set(jobKey, known);
    return known;
  };
  return {
    request: (jobKey) => plainRequest("build", jobKey, rootOf(jobKey)),
    paths: ({ directories }) => directories,
    isAlive: async (marker) => processesWith(marker).length > 0,
    leftovers: async () => [
      ...processesWith(root).map((each) => `process ${each}`),
      ...[...roots.values()].flatMap((each) => filesIn(join(each, "temp"))),
    ],
    exposed: async (text) => {
      const steps = new Set(processesWith(OF_A_STEP, ["environ"]));
      return processesWith(text).filter((each) => !steps.has(each));
    },
    checkout: async (files) => {
      const source = join(root, "source");
      writeFiles(source, files);
      git(source, "init", "--quiet", "--initial-branch=main", ".");
      git(source, "add", ".");
      git(source, "commit", "--quiet", "-m", "first");
      return { ...plainRequest("build", "", root).checkout, source: { kind: "worktree", path: source } };
    },
    publishAction: async (nameAndRef, files) => {
      const folder = join(root, "published");
      writeFiles(folder, files);
      return { actions: { ...plainRequest("build", "", root).actions, local: { [nameAndRef]: folder } } };
    },
    close: async () => rmSync(root, { recursive: true, force: true }),
  };
}

function filesIn(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder).map((file) => `file ${join(folder, file)}`) : [];
}

function writeFiles(folder: string, files: Files): void {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  }
}
