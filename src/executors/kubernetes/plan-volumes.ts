import type { Volume, VolumeMount } from "kubernetes-types/core/v1.js";
import type { RunnerClass } from "../../config/runner-classes.ts";
import { ExecError } from "../../errors.ts";
import type { ContainerRequest } from "../../protocol/job-placement.ts";
import { JOB_ROOT, KIT_ROOT } from "../kit/kit-layout.ts";
import { dnsLabel } from "./job-names.ts";
import type { SharedWorkspace } from "./shared-workspace.ts";

export const REQUEST_FOLDER = "/__slipway";

/** The volumes of a pod, and what each kind of container mounts of them. */
export interface PodVolumes {
  readonly volumes: Volume[];
  /** `/slipway`, read-only. */
  readonly kit: VolumeMount;
  /** The workspace at its path. */
  readonly workspace: VolumeMount;
  /** `/__w`: temporary files, sockets of gates, frames that wait. */
  readonly work: VolumeMount;
  readonly request: VolumeMount;
}

export interface VolumeFacts {
  readonly runnerClass: RunnerClass;
  readonly workspacePath: string;
  readonly secret: string;
  /** Instead of one of the job's own. */
  readonly shared?: SharedWorkspace | undefined;
  /** In place of `{project}`, `{build}`, `{job}` of a claim's sub-path. */
  readonly names: { readonly project: string; readonly build: string; readonly job: string };
}

export function planVolumes({ runnerClass, workspacePath, secret, shared, names }: VolumeFacts): PodVolumes {
  const { kit } = runnerClass;
  const workspace: RunnerClass["workspace"] =
    shared === undefined
      ? runnerClass.workspace
      : { kind: "claim", claim: shared.claimName, subPath: shared.subPath };
  const subPath = workspace.kind === "claim" ? workspace.subPath : undefined;
  return {
    volumes: [
      kitVolume(kit),
      workspaceVolume(workspace),
      { name: "work", emptyDir: {} },
      // Any user of the image reads it: what it holds is this job's own.
      {
        name: "request",
        secret: {
          secretName: secret,
          defaultMode: 0o444,
          items: [{ key: "request.json", path: "request.json" }],
        },
      },
    ],
    kit: {
      name: "kit",
      mountPath: KIT_ROOT,
      readOnly: true,
      ...(kit.mount === "image" ? { subPath: KIT_ROOT.slice(1) } : {}),
    },
    workspace: {
      name: "workspace",
      mountPath: workspacePath,
      ...(subPath === undefined
        ? {}
        : {
            subPath: subPath.replace(/\{(project|build|job)\}/g, (_, key: keyof typeof names) => names[key]),
          }),
    },
    work: { name: "work", mountPath: JOB_ROOT },
    request: { name: "request", mountPath: REQUEST_FOLDER, readOnly: true },
  };
}

/** An image as a volume is newer than the types at hand. */
interface ImageVolume extends Volume {
  readonly image: { readonly reference: string; readonly pullPolicy?: string };
}

function kitVolume({ mount, image, imagePullPolicy }: RunnerClass["kit"]): Volume | ImageVolume {
  if (mount === "copy") return { name: "kit", emptyDir: {} };
  const policy = imagePullPolicy === undefined ? {} : { pullPolicy: imagePullPolicy };
  return { name: "kit", image: { reference: image, ...policy } };
}

function workspaceVolume(workspace: RunnerClass["workspace"]): Volume {
  const name = "workspace";
  switch (workspace.kind) {
    case "emptyDir": {
      const { sizeLimit, medium } = workspace;
      return {
        name,
        emptyDir: {
          ...(sizeLimit === undefined ? {} : { sizeLimit }),
          ...(medium === undefined ? {} : { medium }),
        },
      };
    }
    case "ephemeral": {
      const { size, storageClass, accessModes = ["ReadWriteOnce"] } = workspace;
      return {
        name,
        ephemeral: {
          volumeClaimTemplate: {
            spec: {
              accessModes,
              resources: { requests: { storage: size } },
              ...(storageClass === undefined ? {} : { storageClassName: storageClass }),
            },
          },
        },
      };
    }
    case "claim":
      return { name, persistentVolumeClaim: { claimName: workspace.claim } };
  }
}

/**
 * `volumes` of containers in a pod: a name is an empty folder that all containers of the job which name it share, a path
 * alone one of the container's own. Folders of the node are refused.
 */
export class OwnVolumes {
  readonly volumes: Volume[] = [];
  readonly #named = new Map<string, string>();

  mounts(whose: string, { volumes }: Pick<ContainerRequest, "volumes">): VolumeMount[] {
    return volumes.map((text) => {
      const [, source, path = "", mode] = /^(?:([^:]+):)?(\/[^:]*)(?::([a-zA-Z,]+))?$/.exec(text) ?? [];
      if (path === "")
        throw new ExecError("InvalidSpec", `${whose}.volumes: '${text}' is none; write name:/path or /path.`);
      if (source?.startsWith("/") === true || source?.startsWith(".") === true)
        throw new ExecError(
          "InvalidSpec",
          `${whose}.volumes: '${text}' names a folder of the machine; a pod gets none. Volumes of a cluster are given by a runner class.`,
        );
      const name = this.#volume(source);
      return {
        name,
        mountPath: path,
        ...(mode?.split(",").includes("ro") === true ? { readOnly: true } : {}),
      };
    });
  }

  #volume(source: string | undefined): string {
    const known = source === undefined ? undefined : this.#named.get(source);
    if (known !== undefined) return known;
    const name = `own-${this.volumes.length + 1}${source === undefined ? "" : `-${dnsLabel(source, 40)}`}`;
    this.volumes.push({ name, emptyDir: {} });
    if (source !== undefined) this.#named.set(source, name);
    return name;
  }
}
