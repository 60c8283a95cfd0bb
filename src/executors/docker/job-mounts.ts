import { existsSync } from "node:fs";
import type { JobRequest } from "../../protocol/job-request.ts";
import { workspaceOf } from "../container/container-request.ts";
import { JOB_PATHS, JOB_ROOT, KIT_ROOT, STEP_WORKSPACE } from "../kit/kit-layout.ts";
import type { MountSpec } from "./docker-engine.ts";
import type { JobNames } from "./job-names.ts";

/** Where the kit is on the Docker host. */
export type KitPlace =
  | { readonly kind: "folder"; readonly path: string }
  | { readonly kind: "volume"; readonly name: string };

/** Sockets of the host's loopback, in a container of a job. */
export const HOST_SOCKETS = `${JOB_ROOT}/_host`;

export interface JobMounts {
  /** Of the job's container. */
  readonly job: readonly MountSpec[];
  /** Where the job sees a folder of this machine. */
  readonly seenAt: (path: string) => string | undefined;
  /** Folders of this machine that must be there, and be writable for the user of the container. */
  readonly folders: readonly string[];
}

export interface MountSetting {
  readonly names: JobNames;
  readonly kit: KitPlace;
  /** A folder of this machine in which it listens for the job. */
  readonly socketFolder?: string | undefined;
  /** False: nothing of this machine is seen. */
  readonly hostFolders: boolean;
}

/**
 * What a job's container sees: the kit, read-only; `/__w` and the workspace, on volumes that go with the job or in the
 * folders of the request; small files in memory. With `hostFolders` also what the request names on this machine
 * (a work tree, local actions), read-only and at its own path.
 */
export function jobMounts(request: JobRequest, setting: MountSetting): JobMounts {
  const { names, hostFolders, socketFolder } = setting;
  const workspace = workspaceOf(request);
  const labels = (role: "workspace") => ({ Labels: { ...names.labels(role) } });
  const volume = (name: string, Target: string): MountSpec => ({
    Type: "volume",
    Source: names.volume(name),
    Target,
    VolumeOptions: { NoCopy: true, ...labels("workspace") },
  });
  const control: MountSpec = {
    Type: "volume",
    Source: names.volume("control"),
    Target: JOB_PATHS.control,
    VolumeOptions: {
      NoCopy: true,
      ...labels("workspace"),
      DriverConfig: { Name: "local", Options: { type: "tmpfs", device: "tmpfs", o: "mode=1777" } },
    },
  };
  const workspaceVolume = (): MountSpec => {
    if (request.placement?.sharedWorkspace !== true) return volume("workspace", workspace);
    const { name, labels: Labels } = names.sharedWorkspace;
    return {
      Type: "volume",
      Source: name,
      Target: workspace,
      VolumeOptions: { NoCopy: true, Labels: { ...Labels } },
    };
  };
  const own = [kitMount(setting.kit), volume("root", JOB_ROOT), control];
  const sockets: MountSpec[] =
    socketFolder === undefined ? [] : [{ Type: "bind", Source: socketFolder, Target: HOST_SOCKETS }];
  if (!hostFolders) {
    return {
      job: [...own, workspaceVolume(), ...sockets],
      seenAt: () => undefined,
      folders: [],
    };
  }
  const { directories } = request;
  const shared = new Map([
    [directories.workspace, workspace],
    [directories.temp, JOB_PATHS.temp],
    [directories.toolCache, JOB_PATHS.toolCache],
    [directories.actionCache, JOB_PATHS.actionCache],
  ]);
  const seenAt = (path: string) => {
    for (const [from, to] of shared) if (isWithin(path, from)) return to + path.slice(from.length);
    return undefined;
  };
  const binds = [...shared].map(([Source, Target]): MountSpec => ({ Type: "bind", Source, Target }));
  // What is not there cannot be mounted; who looks for it in the job says so.
  const named = foldersNamed(request).filter((path) => seenAt(path) === undefined && existsSync(path));
  const readable = outermost(named);
  const reads = readable.map(
    (path): MountSpec => ({ Type: "bind", Source: path, Target: path, ReadOnly: true }),
  );
  return { job: [...own, ...binds, ...reads, ...sockets], seenAt, folders: [...shared.keys()] };
}

/** What a step's container sees: all that the job's does, and the workspace once more where GitHub has it. */
export function stepMounts(job: readonly MountSpec[], workspace: string): readonly MountSpec[] {
  const again = job.find(({ Target }) => Target === workspace);
  return again === undefined ? job : [...job, { ...again, Target: STEP_WORKSPACE }];
}

function kitMount(kit: KitPlace): MountSpec {
  return kit.kind === "folder"
    ? { Type: "bind", Source: kit.path, Target: KIT_ROOT, ReadOnly: true }
    : { Type: "volume", Source: kit.name, Target: KIT_ROOT, ReadOnly: true, VolumeOptions: { NoCopy: true } };
}

/** Folders of this machine that the request wants read. */
function foldersNamed({ checkout: { source }, actions }: JobRequest): string[] {
  const paths = [source.kind === "worktree" ? source.path : folderOf(source.url), folderOf(actions.url)];
  return [...paths, ...Object.values(actions.local)].filter((path) => path !== undefined);
}

function folderOf(url: string): string | undefined {
  if (url.startsWith("/")) return url;
  return url.startsWith("file:///") ? decodeURIComponent(new URL(url).pathname) : undefined;
}

function outermost(paths: readonly string[]): readonly string[] {
  const sorted = [...new Set(paths)].sort();
  return sorted.filter((path) => !sorted.some((other) => other !== path && isWithin(path, other)));
}

function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(`${folder}/`);
}
