import { ExecError } from "../../errors.ts";
import type { Git, GitOptions } from "../git/git.ts";
import { withoutPassword } from "../git/remote-error.ts";

/** Runs git where only success will do: its output, else an `ExecError` (`Permanent`) with what git said. */
export async function mustGit(git: Git, args: readonly string[], options: GitOptions): Promise<Buffer> {
  const result = await git(args, options);
  if (result.code === 0) return result.stdout;
  const command = args.filter((arg) => !arg.startsWith("-")).slice(0, 2);
  throw new ExecError(
    "Permanent",
    `git ${command.join(" ")} failed with exit code ${result.code}: ${withoutPassword(result.stderr.trim())}`,
  );
}
