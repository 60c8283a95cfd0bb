import type {
  Affinity,
  EnvVar,
  HostAlias,
  LocalObjectReference,
  PodDNSConfig,
  PodSecurityContext,
  Toleration,
  TopologySpreadConstraint,
  Volume,
  VolumeMount,
} from "kubernetes-types/core/v1.js";
import { z } from "zod";

const MULTIPLES: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

const duration = z
  .string()
  .regex(/^\d+(\.\d+)?\s*[smhd]$/, "expected a duration such as 30s, 10m or 2h")
  .transform((text) => Number.parseFloat(text) * (MULTIPLES[text.slice(-1)] ?? 1));

const quantity = z
  .union([z.string(), z.number()])
  .transform((value) => `${value}`)
  .pipe(
    z
      .string()
      .regex(
        /^\d+(\.\d*)?([eE][+-]?\d+|n|u|m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei)?$/,
        "expected a quantity such as 500m, 2 or 4Gi",
      ),
  );
const quantities = z.record(z.string(), quantity);
const texts = z.record(z.string(), z.string());
const dnsLabel = z
  .string()
  .regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/, "expected lower-case letters, digits and dashes")
  .max(63);

/** Of Kubernetes, and handed on as it is: the API server checks it, and refuses what it does not know. */
function asIs<T>() {
  return z.custom<T>((value) => typeof value === "object" && value !== null, "expected a mapping or a list");
}

const resources = z.strictObject({
  requests: quantities.optional(),
  limits: quantities.optional(),
});

const workspace = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("emptyDir"),
    sizeLimit: quantity.optional(),
    /** `Memory`: in the node's memory, counted to the container that wrote it. */
    medium: z.enum(["", "Memory"]).optional(),
  }),
  z.strictObject({
    kind: z.literal("ephemeral"),
    size: quantity,
    storageClass: z.string().optional(),
    accessModes: z.array(z.string()).optional(),
  }),
  z.strictObject({
    kind: z.literal("claim"),
    claim: z.string(),
    /** Folder in the claim; `{project}`, `{build}` and `{job}` are replaced. Absent: all of it. */
    subPath: z.string().optional(),
  }),
]);

const container = z.strictObject({
  env: asIs<EnvVar[]>().optional(),
  volumeMounts: asIs<VolumeMount[]>().optional(),
  imagePullPolicy: z.enum(["Always", "IfNotPresent", "Never"]).optional(),
  securityContext: z
    .strictObject({
      runAsNonRoot: z.boolean().optional(),
      runAsUser: z.number().int().nonnegative().optional(),
      runAsGroup: z.number().int().nonnegative().optional(),
      readOnlyRootFilesystem: z.boolean().optional(),
      capabilities: z.strictObject({ add: z.array(z.string()).optional() }).optional(),
    })
    .optional(),
});

const podSpec = z.strictObject({
  nodeSelector: texts.optional(),
  tolerations: asIs<Toleration[]>().optional(),
  affinity: asIs<Affinity>().optional(),
  topologySpreadConstraints: asIs<TopologySpreadConstraint[]>().optional(),
  priorityClassName: z.string().optional(),
  runtimeClassName: z.string().optional(),
  schedulerName: z.string().optional(),
  serviceAccountName: z.string().optional(),
  imagePullSecrets: asIs<LocalObjectReference[]>().optional(),
  hostAliases: asIs<HostAlias[]>().optional(),
  dnsPolicy: z.string().optional(),
  dnsConfig: asIs<PodDNSConfig>().optional(),
  securityContext: asIs<PodSecurityContext>().optional(),
  volumes: asIs<Volume[]>().optional(),
});

const shared = {
  /** `{project}` is replaced by the repository's name. */
  namespace: z
    .string()
    .regex(/^[a-z0-9{}-]+$/, "expected a namespace, with {project} in it perhaps")
    .refine((text) => text.replaceAll("{project}", "").search(/[{}]/) === -1, "only {project} is known")
    .optional(),
  createNamespace: z.boolean().optional(),
  arch: z.enum(["amd64", "arm64"]).optional(),
  image: z.string().min(1).optional(),
  kit: z
    .strictObject({
      image: z.string().min(1).optional(),
      imagePullPolicy: z.enum(["Always", "IfNotPresent", "Never"]).optional(),
      /** `copy`: an init container copies it. `image`: mounted as an image volume (Kubernetes 1.35). */
      mount: z.enum(["copy", "image"]).optional(),
    })
    .optional(),
  workspace: workspace.optional(),
  /** Of the job's container, where the job asks for none. */
  resources: resources.optional(),
  /** Of each service and of each container of a docker action. */
  sidecarResources: resources.optional(),
  ceilings: z
    .strictObject({
      /** Of one container, by resource: `cpu`, `memory`, … A resource that is not named has no ceiling. */
      resources: quantities.optional(),
      /** Patterns with `*`, of images as written. Absent: any. */
      images: z.array(z.string()).optional(),
      /** Beginnings of names of annotations that a job may set. Absent: none. */
      annotations: z.array(z.string()).optional(),
    })
    .optional(),
  unschedulableTimeout: duration.optional(),
  /** How long a finished Job stays where nobody took it away. */
  keepFinished: duration.optional(),
  template: z
    .strictObject({
      metadata: z.strictObject({ labels: texts.optional(), annotations: texts.optional() }).optional(),
      spec: podSpec.optional(),
      container: container.optional(),
    })
    .optional(),
};

export const runnerClassesSchema = z.strictObject({
  defaults: z.strictObject(shared).optional(),
  classes: z
    .array(
      z.strictObject({
        name: dnsLabel,
        labels: z.array(z.string().min(1)).min(1),
        /** `runs-on: { group }`. */
        group: z.string().optional(),
        ...shared,
      }),
    )
    .min(1),
});

export type RunnerClassesFile = z.infer<typeof runnerClassesSchema>;
