import type { ChooseExecutor } from "../../builds/build-options.ts";
import type { Executor } from "../../executors/executor.ts";
import { isLocalLabel, type LocalHost } from "../../executors/local/local-labels.ts";
import { UsageError } from "../usage-error.ts";

/**
 * Jobs for this kind of machine run here; jobs for another kind are skipped with the reason, or fail where `strict`.
 * `mapped` are labels that --platform says mean this machine.
 */
export function executorChooser(
  local: Executor,
  host: LocalHost,
  mapped: ReadonlySet<string>,
  strict: boolean,
): ChooseExecutor {
  return ({ labels, group }) => {
    const wanted = labels.length === 0 && group !== undefined ? [group] : labels;
    const foreign = wanted.filter((label) => !mapped.has(label.toLowerCase()) && !isLocalLabel(label, host));
    if (foreign.length === 0) return local;
    const reason = `no machine here has the label ${foreign.join(", ")}; -P ${foreign[0]}=local runs it on this one`;
    return strict ? { fail: reason } : { skip: reason };
  };
}

/** `--platform label=local`. Throws `UsageError` on anything else. */
export function parsePlatforms(texts: readonly string[]): ReadonlySet<string> {
  return new Set(
    texts.map((text) => {
      const at = text.lastIndexOf("=");
      const label = text.slice(0, Math.max(0, at)).trim();
      const place = text.slice(at + 1).trim();
      if (label === "") throw new UsageError(`--platform ${text} is not of the form label=local.`);
      // act says `-self-hosted` for the machine itself.
      if (!["local", "host", "-self-hosted"].includes(place)) {
        throw new UsageError(
          `--platform ${text}: jobs run on this machine, not in the image ${place}.`,
          `Say --platform ${label}=local to run jobs with this label here.`,
        );
      }
      return label.toLowerCase();
    }),
  );
}
