import type { Executor, JobNeeds } from "../../executors/executor.ts";
import type { ChooseExecutor } from "../build-options.ts";
import type { JobHost } from "./job-host.ts";

export interface JobHosts extends Omit<JobHost, "executor"> {
  readonly chooseExecutor: ChooseExecutor;
}

/**
 * The places of one worker as one: a job goes to the first that takes it, one that would rather run in its image to the first
 * that has images. Each kind of executor stands in it once.
 */
export function joinJobHosts(hosts: readonly JobHost[]): JobHosts {
  const all = async (call: (host: JobHost) => Promise<void>) => {
    await Promise.all(hosts.map(call));
  };
  const first = (needs: JobNeeds): Executor | undefined =>
    hosts.find(({ executor }) => executor.refuses(needs) === undefined)?.executor;
  return {
    chooseExecutor(needs) {
      const chosen =
        (needs.prefersImage === true ? first({ ...needs, container: true }) : undefined) ?? first(needs);
      // Alone it says itself why not, with the place in the file.
      return (
        chosen ?? (hosts.length === 1 ? hosts[0]?.executor : undefined) ?? { fail: refusal(hosts, needs) }
      );
    },
    async jobEnvironment(build, job) {
      const host = hosts.find(({ executor }) => executor.name === job.executor);
      if (host === undefined) throw new Error(`No host of this worker is a ${job.executor} executor.`);
      return await host.jobEnvironment(build, job);
    },
    buildEnded: (buildId) => all((host) => host.buildEnded(buildId)),
    sweep: () => all((host) => host.sweep()),
    close: () => all((host) => host.close()),
  };
}

function refusal(hosts: readonly JobHost[], needs: JobNeeds): string {
  const reasons = hosts.map(({ executor }) => ({ name: executor.name, text: executor.refuses(needs) ?? "" }));
  return reasons.map(({ name, text }) => `${name}: ${text}`).join(" ");
}
