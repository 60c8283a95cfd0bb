import { basename } from "node:path";
import type { JobContainers, JobDirectories, JobRequest, PortForward } from "../../protocol/job-request.ts";
import { containerWorkspace, JOB_PATHS, KIT, PLATFORM_WORKSPACE } from "../kit/kit-layout.ts";

/** What the executor knows of the container that the runner will be in. */
export interface ContainerPlace {
  /** Of the node that the container runs on, as `runner.arch` says it. */
  readonly arch: JobRequest["runner"]["arch"];
  /** `runner.name`. */
  readonly runnerName?: string;
  readonly containers: JobContainers;
  readonly forwards?: readonly PortForward[];
  readonly workspaceOwner?: { readonly uid: number; readonly gid: number };
  /** Instead of the usual folders. */
  readonly directories?: Partial<JobDirectories>;
  /**
   * Where the job sees a folder of this machine (a work tree, a local action, an action server that is a folder). Absent,
   * or undefined for a path: it does not see it, and is told the path as it is.
   */
  readonly seenAt?: (path: string) => string | undefined;
}

/**
 * The request as a runner in a container gets it: its folders, its runner and its bundled actions are those of the
 * container. The environment of steps is left empty: the runner takes its own, the image's.
 */
export function containerRequest(request: JobRequest, place: ContainerPlace): JobRequest {
  const { actions, checkout, placement: _, ...rest } = request;
  const { containers, forwards, workspaceOwner, arch, runnerName = request.runner.name } = place;
  const seen = (path: string) => place.seenAt?.(path) ?? path;
  const { source } = checkout;
  return {
    ...rest,
    baseEnv: {},
    directories: {
      workspace: workspaceOf(request),
      temp: JOB_PATHS.temp,
      control: JOB_PATHS.control,
      toolCache: JOB_PATHS.toolCache,
      actionCache: JOB_PATHS.actionCache,
      ...place.directories,
    },
    runner: { name: runnerName, os: "Linux", arch, environment: "self-hosted", nodePath: KIT.node },
    actions: {
      ...actions,
      url: isPath(actions.url) ? seen(actions.url) : actions.url,
      local: mapValues(actions.local, seen),
      ...(actions.bundled === undefined ? {} : { bundled: mapValues(actions.bundled, bundledInKit) }),
    },
    checkout: {
      ...checkout,
      source: source.kind === "worktree" ? { ...source, path: seen(source.path) } : source,
    },
    containers,
    ...(forwards === undefined ? {} : { forwards }),
    ...(workspaceOwner === undefined ? {} : { workspaceOwner }),
  };
}

/** Where the job's workspace is in a container: of `.platform.yaml` as its format says, else as on GitHub. */
export function workspaceOf({ contexts, placement, checkout }: JobRequest): string {
  if (placement?.clone === true) return PLATFORM_WORKSPACE;
  const { repository } = contexts.github;
  return containerWorkspace(typeof repository === "string" ? repository : checkout.repository);
}

/** Folders of bundled actions are called alike everywhere. */
function bundledInKit(folder: string): string {
  return `${KIT.actions}/${basename(folder)}`;
}

function isPath(url: string): boolean {
  return url.startsWith("/");
}

function mapValues(
  values: { readonly [name: string]: string },
  change: (value: string) => string,
): { readonly [name: string]: string } {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, change(value)]));
}
