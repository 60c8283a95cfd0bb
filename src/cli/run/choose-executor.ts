import type { ChooseExecutor } from "../../builds/build-options.ts";
import type { Executor } from "../../executors/executor.ts";
import { isLocalLabel, type LocalHost } from "../../executors/local/local-labels.ts";
import type { Platforms } from "./platforms.ts";

export interface ExecutorChoices {
  /** This machine. */
  readonly local: Executor;
  /** Containers: of a job's own image, or of the one its label stands for. */
  readonly containers: Executor;
  /** This machine with containers beside its jobs: services, docker actions. */
  readonly beside: Executor;
  readonly host: LocalHost;
  readonly platforms: Platforms;
  readonly strict: boolean;
}

/**
 * Jobs for this kind of machine run here, in containers where they or their labels name an image; jobs for another kind are
 * skipped with the reason, or fail where `strict`.
 */
export function executorChooser(choices: ExecutorChoices): ChooseExecutor {
  const { local, containers, beside, host, platforms, strict } = choices;
  return ({ labels, group, container, services, stepContainers }) => {
    const wanted = labels.length === 0 && group !== undefined ? [group] : labels;
    const foreign = wanted.filter((label) => {
      const name = label.toLowerCase();
      return !platforms.local.has(name) && !platforms.images.has(name) && !isLocalLabel(label, host);
    });
    if (foreign.length > 0) {
      const first = foreign[0];
      const reason = `no machine here has the label ${foreign.join(", ")}; -P ${first}=local runs it on this one, -P ${first}=image in a container`;
      return strict ? { fail: reason } : { skip: reason };
    }
    if (container || wanted.some((label) => platforms.images.has(label.toLowerCase()))) return containers;
    return services || stepContainers === true ? beside : local;
  };
}
