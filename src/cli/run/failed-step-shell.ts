import { spawn } from "node:child_process";
import type { Io } from "../io.ts";
import { plainScreenText } from "../output/screen-text.ts";
import type { RunView } from "../view/run-view.ts";

/** What the runner tells of a failed step. */
interface FailedStep {
  readonly displayName: string;
  /** The environment its process had. */
  readonly env: { readonly [name: string]: string };
  readonly cwd: string;
  readonly error?: string;
}

/**
 * Opens the person's shell where a step failed, one at a time however many jobs fail at once, and settles when it has
 * ended. The live view leaves the terminal to it.
 */
export function failedStepShell(io: Io, view: Pick<RunView, "suspend">) {
  let before: Promise<void> = Promise.resolve();
  return (failure: FailedStep, job: { readonly displayName: string }): Promise<void> => {
    const turn = before.then(() => openShell(io, view, failure, job.displayName));
    before = turn.catch(() => {});
    return turn;
  };
}

async function openShell(
  io: Io,
  view: Pick<RunView, "suspend">,
  failure: FailedStep,
  jobName: string,
): Promise<void> {
  const resume = view.suspend();
  const shell = io.env.SHELL || "/bin/sh";
  const where = `${plainScreenText(jobName)} › ${plainScreenText(failure.displayName)}`;
  io.stderr.write(
    `\n${where} failed${failure.error === undefined ? "" : `: ${plainScreenText(failure.error)}`}\n` +
      `A shell with the step's environment, in ${failure.cwd}. The run goes on when it ends (exit, Ctrl-D).\n`,
  );
  try {
    await new Promise<void>((resolve) => {
      const child = spawn(shell, [], {
        cwd: failure.cwd,
        env: { ...failure.env, SHELL: shell, ...(io.env.TERM === undefined ? {} : { TERM: io.env.TERM }) },
        stdio: "inherit",
      });
      child.on("error", (error) => {
        io.stderr.write(`The shell ${shell} could not be started: ${error.message}\n`);
        resolve();
      });
      child.on("close", () => resolve());
    });
  } finally {
    resume();
  }
}
