import { ExecError } from "../errors.ts";
import { EVENT_NAMES } from "../github-context/event-names.ts";
import { suggest } from "../spec/suggest.ts";
import type { WorkflowSpec } from "../spec/workflow-spec.ts";

/**
 * The event of a build that somebody asks for. Who asks by hand wants it to run: without an event it is
 * `workflow_dispatch`, also where the file does not listen to that (GitHub refuses there; GitLab and Woodpecker do not).
 * An event that is named must be one the file listens to; its filters (branches, paths, types) are not asked.
 * Throws `InvalidSpec`.
 */
export function chooseEvent(spec: WorkflowSpec, wanted: string | undefined): string {
  const events = [...new Set(spec.on.map(({ event }) => event))];
  if (wanted === undefined || wanted === "workflow_dispatch") {
    if (events.length > 0 && events.every((event) => event === "workflow_call")) {
      throw new ExecError(
        "InvalidSpec",
        `${spec.file} can only be called by other workflows: it listens to nothing else.`,
      );
    }
    return "workflow_dispatch";
  }
  if (!EVENT_NAMES.has(wanted)) {
    const meant = suggest(wanted, EVENT_NAMES);
    throw new ExecError(
      "InvalidSpec",
      `There is no event '${wanted}'.${meant === undefined ? "" : ` Did you mean '${meant}'?`}`,
    );
  }
  if (wanted !== "workflow_call" && events.some((event) => same(event, wanted))) return wanted;
  const listens = events.filter((event) => event !== "workflow_call");
  throw new ExecError(
    "InvalidSpec",
    `${spec.file} does not listen to '${wanted}'. It listens to ${listens.join(", ") || "nothing"}; without an event it runs as workflow_dispatch.`,
  );
}

/** A merge request of `.platform.yaml` is a pull request. */
function same(a: string, b: string): boolean {
  const known = (event: string) => (event === "mr" ? "pull_request" : event);
  return known(a) === known(b);
}
