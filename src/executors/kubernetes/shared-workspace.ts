import { createHash } from "node:crypto";
import type { Affinity, PersistentVolumeClaim } from "kubernetes-types/core/v1.js";
import type { RunnerClass } from "../../config/runner-classes.ts";
import { ANNOTATION, LABEL, labelValue } from "./job-names.ts";

export interface SharedWorkspace {
  /** To be made before the job, where it is not there. Absent: it is the class's own claim. */
  readonly claim?: PersistentVolumeClaim;
  readonly claimName: string;
  readonly subPath?: string;
}

interface SharingBuild {
  readonly installation: string;
  readonly namespace: string;
  readonly buildId: string;
}

/** Where a class says nothing of size. */
const SIZE = "10Gi";
const ONE_NODE = ["ReadWriteOnce"];

/**
 * The workspace that all jobs of a build have: a claim of the build's own, made as the class would have one for a single job; or
 * a folder of the class's claim, which nobody takes away.
 */
export function sharedWorkspace({ workspace }: RunnerClass, build: SharingBuild): SharedWorkspace {
  if (workspace.kind === "claim") {
    const { claim: claimName, subPath = "" } = workspace;
    const folder = subPath.includes("{build}") ? subPath : `${subPath}${subPath === "" ? "" : "/"}{build}`;
    return { claimName, subPath: folder.replaceAll("{job}", "shared") };
  }
  const { installation, namespace, buildId } = build;
  const claimName = sharedClaimName(installation, buildId);
  const [storage, storageClass] =
    workspace.kind === "ephemeral"
      ? [workspace.size, workspace.storageClass]
      : [workspace.sizeLimit ?? SIZE, undefined];
  return {
    claimName,
    claim: {
      apiVersion: "v1",
      kind: "PersistentVolumeClaim",
      metadata: {
        name: claimName,
        namespace,
        labels: {
          [LABEL.installation]: labelValue(installation),
          [LABEL.build]: labelValue(buildId),
          [LABEL.role]: "workspace",
        },
        annotations: { [ANNOTATION.buildId]: buildId },
      },
      spec: {
        accessModes: accessModes(workspace),
        resources: { requests: { storage } },
        ...(storageClass === undefined ? {} : { storageClassName: storageClass }),
      },
    },
  };
}

export function sharedClaimName(installation: string, buildId: string): string {
  const hash = createHash("sha256")
    .update(JSON.stringify([installation, buildId]))
    .digest("hex");
  return `workspace-${hash.slice(0, 16)}`;
}

/**
 * A volume that one node can have at a time: jobs of the build that run together are placed on one node. (The first finds no
 * other, and as it is one of those it asks for, the scheduler places it anywhere.)
 */
export function besideOthers(
  given: Affinity | undefined,
  { claim }: SharedWorkspace,
  labels: Readonly<Record<string, string>>,
): Affinity | undefined {
  const modes = claim?.spec?.accessModes ?? [];
  if (claim === undefined || modes.some((mode) => mode.endsWith("Many"))) return given;
  const { requiredDuringSchedulingIgnoredDuringExecution: required = [] } = given?.podAffinity ?? {};
  const matchLabels = Object.fromEntries(
    [LABEL.installation, LABEL.build, LABEL.role].map((name) => [name, labels[name] ?? ""]),
  );
  return {
    ...given,
    podAffinity: {
      ...given?.podAffinity,
      requiredDuringSchedulingIgnoredDuringExecution: [
        ...required,
        { labelSelector: { matchLabels }, topologyKey: "kubernetes.io/hostname" },
      ],
    },
  };
}

function accessModes(workspace: RunnerClass["workspace"]): string[] {
  return (workspace.kind === "ephemeral" ? workspace.accessModes : undefined) ?? ONE_NODE;
}
