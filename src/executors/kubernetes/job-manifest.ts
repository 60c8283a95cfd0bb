import type { Job } from "kubernetes-types/batch/v1.js";
import type { Container, EnvVar, PersistentVolumeClaim, PodSpec, Secret } from "kubernetes-types/core/v1.js";
import type { RunnerClass } from "../../config/runner-classes.ts";
import { ExecError } from "../../errors.ts";
import type { ContainerRequest, JobPlacement } from "../../protocol/job-placement.ts";
import type { JobContainers, JobRequest } from "../../protocol/job-request.ts";
import type { PushTarget } from "../../protocol/push-protocol.ts";
import type { ImageConfig } from "../../protocol/runner-message.ts";
import { containerRequest, workspaceOf } from "../container/container-request.ts";
import { firstProcess } from "../kit/first-process.ts";
import { JOB_PATHS, JOB_ROOT, KIT, KIT_ROOT, STEP_WORKSPACE } from "../kit/kit-layout.ts";
import { checkAnnotations, checkImage, resourcesWithin } from "./class-limits.ts";
import { CLONE_SCRIPT } from "./clone-script.ts";
import { type ContainerOptions, parseContainerOptions } from "./container-options.ts";
import { ANNOTATION, dnsLabel, type KubeJobNames, LABEL, labelValue } from "./job-names.ts";
import { encodeTerms, jobTerms } from "./job-terms.ts";
import { planPorts } from "./plan-ports.ts";
import { containerSecurity, kitSecurity, podSecurity } from "./plan-security.ts";
import { planService, serviceContainer } from "./plan-services.ts";
import { OwnVolumes, type PodVolumes, planVolumes, REQUEST_FOLDER } from "./plan-volumes.ts";
import { pullSecretData } from "./pull-secret.ts";
import { SecretValues } from "./secret-values.ts";
import { besideOthers, type SharedWorkspace, sharedWorkspace } from "./shared-workspace.ts";

export interface JobManifestFacts {
  readonly request: JobRequest;
  readonly runnerClass: RunnerClass;
  readonly installation: string;
  readonly names: KubeJobNames;
  readonly namespace: string;
  readonly project: string;
  readonly push: PushTarget;
  /** What images of steps say of themselves, by name; those that could not be asked are missing. */
  readonly imageConfigs: ReadonlyMap<string, ImageConfig>;
}

/** All that is made for one attempt of a job. The Secrets get the Job as their owner when it is there. */
export interface JobManifest {
  readonly job: Job;
  readonly secrets: readonly Secret[];
  /** Of the build, not of the job: there before it, and after it. */
  readonly claim?: PersistentVolumeClaim;
}

/** Containers that a pod has whatever the job is. */
export const MAIN_CONTAINER = "job";
export const KIT_CONTAINER = "slipway-kit";
export const CLONE_CONTAINER = "slipway-clone";
export const GATE_PREFIX = "gate-";

/** A Secret holds 1 MiB; the rest of it is small. */
const MAX_REQUEST_BYTES = 1_000_000;
/** What a pod may take besides the job's own time: pulling images, copying the kit, sending the last frames. */
const DEADLINE_MARGIN_S = 1_800;
/** For steps that get signals and post steps that follow; nobody waits for it when the runner is done. */
const GRACE_MARGIN_S = 15;
/** A node that does not answer: the pod is given up after this, not after five minutes. */
const NODE_LOST_S = 60;

const NO_PLACEMENT: JobPlacement = { labels: [], services: [], stepImages: [], clone: false };

/** What is made in the cluster for a job. Pure; throws `InvalidSpec` for what a pod cannot be. */
export function jobManifest(facts: JobManifestFacts): JobManifest {
  const { request, runnerClass, names, namespace, push } = facts;
  const { placement = NO_PLACEMENT } = request;
  const container = placement.container ?? containerOfClass(runnerClass);
  checkImage(runnerClass, "container", container.image);
  checkAnnotations(runnerClass, container.annotations ?? {});
  const options = parseContainerOptions(container.options, "container");
  const ports = planPorts(placement.services);
  const secrets = new SecretValues(names.secret);
  const own = new OwnVolumes();
  const shared =
    placement.sharedWorkspace === true
      ? sharedWorkspace(runnerClass, {
          installation: facts.installation,
          namespace,
          buildId: request.buildId,
        })
      : undefined;
  const pod = planVolumes({
    runnerClass,
    shared,
    workspacePath: workspaceOf(request),
    secret: names.secret,
    names: { project: facts.project, build: request.buildId, job: names.job },
  });
  const gates = placement.stepImages.map((image, index) => ({
    image,
    socket: `${JOB_PATHS.gates}/${index + 1}.sock`,
    ...configOf(facts.imageConfigs.get(image)),
  }));
  const containers: JobContainers = {
    ...(placement.container === undefined ? {} : { job: { id: names.job, network: namespace } }),
    services: Object.fromEntries(
      placement.services.map(({ id }) => [
        id,
        {
          id: `${names.job}-${serviceContainer(id)}`,
          network: namespace,
          ports: Object.fromEntries(
            (ports.services[id] ?? []).map(({ port, host }) => [`${port}`, `${host}`]),
          ),
        },
      ]),
    ),
    steps: { kind: "gated", gates },
    stepWorkspace: STEP_WORKSPACE,
  };
  secrets.set("request.json", requestText(request, placement, containers, facts, ports.forwards));
  const initContainers: Container[] = [
    ...(runnerClass.kit.mount === "copy" ? [kitContainer(runnerClass)] : []),
    ...(placement.clone ? [cloneContainer(request, facts, options, pod, secrets)] : []),
    ...placement.services.map((service) =>
      planService(service, { runnerClass, ports, secrets, volumes: own }),
    ),
    ...gates.map(({ image, socket }, index) => gateContainer(index, image, socket, facts, pod)),
  ];
  const main = mainContainer(container, options, facts, pod, secrets, own);
  const pullSecret = pullSecretData([container, ...placement.services]);
  const metadata = jobMetadata(facts, container);
  const job: Job = {
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: { name: names.job, namespace, ...metadata },
    spec: {
      backoffLimit: 0,
      completions: 1,
      parallelism: 1,
      podReplacementPolicy: "Failed",
      ttlSecondsAfterFinished: Math.ceil(runnerClass.keepFinished / 1000),
      ...deadline(request, runnerClass.unschedulableTimeout / 1000),
      template: {
        metadata,
        spec: {
          ...podSpec(runnerClass, request),
          ...(shared === undefined ? {} : sharedPlace(runnerClass, shared, metadata.labels)),
          ...(pullSecret === undefined && runnerClass.template?.spec?.imagePullSecrets === undefined
            ? {}
            : {
                imagePullSecrets: [
                  ...(pullSecret === undefined ? [] : [{ name: names.pullSecret }]),
                  ...(runnerClass.template?.spec?.imagePullSecrets ?? []),
                ],
              }),
          ...hostAliases(runnerClass, placement),
          initContainers,
          containers: [main],
          volumes: [
            ...pod.volumes,
            ...temporary(main),
            ...sharedMemory(options),
            ...own.volumes,
            ...(runnerClass.template?.spec?.volumes ?? []),
          ],
        },
      },
    },
  };
  const secretMetadata = { namespace, labels: metadata.labels, annotations: metadata.annotations };
  return {
    job,
    ...(shared?.claim === undefined ? {} : { claim: shared.claim }),
    secrets: [
      {
        apiVersion: "v1",
        kind: "Secret",
        metadata: { name: names.secret, ...secretMetadata },
        type: "Opaque",
        immutable: true,
        stringData: secrets.values,
      },
      ...(pullSecret === undefined
        ? []
        : [
            {
              apiVersion: "v1" as const,
              kind: "Secret" as const,
              metadata: { name: names.pullSecret, ...secretMetadata },
              type: "kubernetes.io/dockerconfigjson",
              immutable: true,
              stringData: { ".dockerconfigjson": pullSecret },
            },
          ]),
    ],
  };

  function requestText(
    whole: JobRequest,
    { clone }: JobPlacement,
    place: JobContainers,
    { installation }: JobManifestFacts,
    forwards: readonly NonNullable<JobRequest["forwards"]>[number][],
  ): string {
    const text = JSON.stringify({
      ...containerRequest(whole, {
        arch: runnerClass.arch === "arm64" ? "ARM64" : "X64",
        runnerName: `${installation}-${runnerClass.name}`,
        containers: place,
        ...(forwards.length === 0 ? {} : { forwards }),
      }),
      push,
      // An init container has brought it: checking the same out again does nothing.
      ...(clone ? { checkout: { ...whole.checkout, bound: true } } : {}),
    });
    const bytes = Buffer.byteLength(text);
    if (bytes <= MAX_REQUEST_BYTES) return text;
    throw new ExecError(
      "InvalidSpec",
      `All that job '${whole.displayName}' is told (${bytes} bytes: its steps, contexts and secrets) is more than a Secret of Kubernetes holds (${MAX_REQUEST_BYTES}). Pass large values on as artifacts.`,
    );
  }
}

function configOf(config: ImageConfig | undefined): { readonly config?: ImageConfig } {
  return config === undefined ? {} : { config };
}

function containerOfClass({ image }: RunnerClass): ContainerRequest {
  return { image, env: {}, ports: [], volumes: [], options: "" };
}

function jobMetadata(
  { request, runnerClass, installation }: JobManifestFacts,
  { annotations }: ContainerRequest,
): { readonly labels: Record<string, string>; readonly annotations: Record<string, string> } {
  const { template } = runnerClass;
  const { workflow } = request.contexts.github;
  const pipeline =
    typeof workflow === "string" && workflow !== "" ? { [LABEL.pipeline]: labelValue(workflow) } : {};
  return {
    labels: {
      ...template?.metadata?.labels,
      [LABEL.installation]: labelValue(installation),
      [LABEL.build]: labelValue(request.buildId),
      [LABEL.job]: labelValue(request.jobKey),
      [LABEL.step]: labelValue(request.jobId),
      [LABEL.attempt]: `${request.attempt}`,
      [LABEL.role]: "job",
      ...pipeline,
      [LABEL.platformStep]: labelValue(request.jobId),
    },
    annotations: {
      ...template?.metadata?.annotations,
      ...annotations,
      [ANNOTATION.buildId]: request.buildId,
      [ANNOTATION.jobKey]: request.jobKey,
      [ANNOTATION.terms]: encodeTerms(jobTerms(request, runnerClass)),
    },
  };
}

/** The Job's counts the time that its pod waits for a node, the pod's does not. */
function deadline(
  { timeoutMs = 0, cancelTimeoutMs }: JobRequest,
  waitS: number,
): { readonly activeDeadlineSeconds?: number } {
  if (timeoutMs === 0) return {};
  return {
    activeDeadlineSeconds: Math.ceil((timeoutMs + cancelTimeoutMs) / 1000 + waitS) + 2 * DEADLINE_MARGIN_S,
  };
}

function podSpec(
  { arch, template }: RunnerClass,
  { timeoutMs = 0, cancelTimeoutMs }: JobRequest,
): Omit<PodSpec, "containers"> {
  const {
    securityContext: _context,
    volumes: _volumes,
    imagePullSecrets: _secrets,
    hostAliases: _aliases,
    nodeSelector,
    tolerations = [],
    ...given
  } = template?.spec ?? {};
  return {
    ...definedOf(given),
    restartPolicy: "Never",
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    terminationGracePeriodSeconds: Math.ceil(cancelTimeoutMs / 1000) + GRACE_MARGIN_S,
    ...(timeoutMs === 0
      ? {}
      : { activeDeadlineSeconds: Math.ceil((timeoutMs + cancelTimeoutMs) / 1000) + DEADLINE_MARGIN_S }),
    nodeSelector: { "kubernetes.io/os": "linux", "kubernetes.io/arch": arch, ...nodeSelector },
    tolerations: [
      ...tolerations,
      ...["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"]
        .filter((key) => !tolerations.some((each) => each.key === key))
        .map((key) => ({ key, operator: "Exists", effect: "NoExecute", tolerationSeconds: NODE_LOST_S })),
    ],
    securityContext: podSecurity({ template } as RunnerClass),
  };
}

function sharedPlace(
  { template }: RunnerClass,
  shared: SharedWorkspace,
  labels: Record<string, string>,
): Pick<PodSpec, "affinity"> {
  const affinity = besideOthers(template?.spec?.affinity as PodSpec["affinity"], shared, labels);
  return affinity === undefined ? {} : { affinity };
}

function definedOf<T extends object>(value: T): { [K in keyof T]?: NonNullable<T[K]> } {
  return Object.fromEntries(Object.entries(value).filter(([, each]) => each !== undefined)) as {
    [K in keyof T]?: NonNullable<T[K]>;
  };
}

function hostAliases({ template }: RunnerClass, { services }: JobPlacement): Pick<PodSpec, "hostAliases"> {
  const own = template?.spec?.hostAliases ?? [];
  const names = services.map(({ id }) => id);
  if (own.length === 0 && names.length === 0) return {};
  return { hostAliases: [...own, ...(names.length === 0 ? [] : [{ ip: "127.0.0.1", hostnames: names }])] };
}

function kitContainer(runnerClass: RunnerClass): Container {
  const { image, imagePullPolicy } = runnerClass.kit;
  return {
    name: KIT_CONTAINER,
    image,
    ...(imagePullPolicy === undefined ? {} : { imagePullPolicy }),
    command: [KIT.busybox, "cp", "-dR", `${KIT_ROOT}/.`, "/kit/"],
    volumeMounts: [{ name: "kit", mountPath: "/kit" }],
    securityContext: kitSecurity(runnerClass),
    resources: {},
    terminationMessagePolicy: "FallbackToLogsOnError",
  };
}

function cloneContainer(
  request: JobRequest,
  { runnerClass, imageConfigs: _ }: JobManifestFacts,
  { user }: ContainerOptions,
  pod: PodVolumes,
  secrets: SecretValues,
): Container {
  const { source } = request.checkout;
  const { sha } = request.contexts.github;
  if (source.kind !== "git" || typeof sha !== "string" || sha === "")
    throw new ExecError(
      "InvalidSpec",
      "A pod can only clone a commit from a git server: this build runs from files that are not committed.",
    );
  const header =
    source.token === undefined
      ? {}
      : {
          GIT_CONFIG_COUNT: "1",
          GIT_CONFIG_KEY_0: "http.extraHeader",
          GIT_CONFIG_VALUE_0: `AUTHORIZATION: basic ${Buffer.from(`x-access-token:${source.token}`).toString("base64")}`,
        };
  const { image, imagePullPolicy } = runnerClass.kit;
  const home = `${JOB_ROOT}/_clone`;
  const plain: EnvVar[] = Object.entries({
    SLIPWAY_WORKSPACE: pod.workspace.mountPath,
    SLIPWAY_HOME: home,
    GIT_EXEC_PATH: KIT.gitExecPath,
    GIT_TEMPLATE_DIR: KIT.gitTemplates,
    GIT_SSL_CAINFO: KIT.certificates,
    GIT_TERMINAL_PROMPT: "0",
    ...(request.placement?.sharedWorkspace === true ? { SLIPWAY_SHARED: "1" } : {}),
  }).map(([name, value]) => ({ name, value }));
  return {
    name: CLONE_CONTAINER,
    image,
    ...(imagePullPolicy === undefined ? {} : { imagePullPolicy }),
    command: [KIT.busybox, "sh", "-c", CLONE_SCRIPT],
    env: [...plain, ...secrets.env("clone", { SLIPWAY_URL: source.url, SLIPWAY_COMMIT: sha, ...header })],
    volumeMounts: [pod.workspace, pod.work],
    securityContext: kitSecurity(runnerClass, user === undefined ? {} : { user }),
    resources: {},
    terminationMessagePolicy: "FallbackToLogsOnError",
  };
}

function gateContainer(
  index: number,
  image: string,
  socket: string,
  { runnerClass }: JobManifestFacts,
  pod: PodVolumes,
): Container {
  const whose = `the step with docker://${image}`;
  checkImage(runnerClass, whose, image);
  const policy = runnerClass.template?.container?.imagePullPolicy;
  return {
    name: `${GATE_PREFIX}${index + 1}-${dnsLabel(image.replace(/^.*\//, ""), 40)}`,
    image,
    ...(policy === undefined ? {} : { imagePullPolicy: policy }),
    restartPolicy: "Always",
    command: firstProcess(KIT.gate, socket),
    volumeMounts: [pod.kit, pod.work, pod.workspace, { ...pod.workspace, mountPath: STEP_WORKSPACE }],
    securityContext: containerSecurity(runnerClass, { readOnly: false }),
    resources: resourcesWithin(runnerClass, whose, runnerClass.sidecarResources, undefined),
    terminationMessagePolicy: "FallbackToLogsOnError",
  };
}

function mainContainer(
  container: ContainerRequest,
  options: ContainerOptions,
  { runnerClass }: JobManifestFacts,
  pod: PodVolumes,
  secrets: SecretValues,
  own: OwnVolumes,
): Container {
  const { template } = runnerClass;
  const securityContext = containerSecurity(runnerClass, options);
  const policy = template?.container?.imagePullPolicy;
  return {
    name: MAIN_CONTAINER,
    image: container.image,
    ...(policy === undefined ? {} : { imagePullPolicy: policy }),
    command: firstProcess(KIT.runner, "--request", `${REQUEST_FOLDER}/request.json`),
    workingDir: pod.workspace.mountPath,
    env: [...(template?.container?.env ?? []), ...secrets.env("job", { ...container.env, ...options.env })],
    resources: resourcesWithin(
      runnerClass,
      "container",
      runnerClass.resources,
      container.resources,
      options.limits,
    ),
    securityContext,
    volumeMounts: [
      pod.kit,
      pod.work,
      pod.workspace,
      pod.request,
      ...(securityContext.readOnlyRootFilesystem === true ? [{ name: "tmp", mountPath: "/tmp" }] : []),
      ...(options.sharedMemory === undefined ? [] : [{ name: "shm", mountPath: "/dev/shm" }]),
      ...own.mounts("container", container),
      ...(template?.container?.volumeMounts ?? []),
    ],
    terminationMessagePath: "/dev/termination-log",
    terminationMessagePolicy: "File",
  };
}

function temporary({ volumeMounts = [] }: Container): NonNullable<PodSpec["volumes"]> {
  return volumeMounts.some(({ name }) => name === "tmp") ? [{ name: "tmp", emptyDir: {} }] : [];
}

function sharedMemory({ sharedMemory: size }: ContainerOptions): NonNullable<PodSpec["volumes"]> {
  return size === undefined ? [] : [{ name: "shm", emptyDir: { medium: "Memory", sizeLimit: size } }];
}
