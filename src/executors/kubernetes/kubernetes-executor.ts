import type { Job } from "kubernetes-types/batch/v1.js";
import type { PersistentVolumeClaim, Secret } from "kubernetes-types/core/v1.js";
import { type Clock, systemClock } from "../../clock.ts";
import type { RunnerClass } from "../../config/runner-classes.ts";
import { ExecError } from "../../errors.ts";
import type { FrameSink } from "../../protocol/frame-sink.ts";
import type { JobRequest } from "../../protocol/job-request.ts";
import type {
  Executor,
  IsLiveBuild,
  IsLiveJob,
  JobAttemptName,
  JobNeeds,
  NoteSink,
  RunningJob,
} from "../executor.ts";
import type { RunnerMailbox } from "../push/runner-mailbox.ts";
import { chooseClass } from "./choose-class.ts";
import type { ImageConfigs } from "./image-config.ts";
import { jobManifest } from "./job-manifest.ts";
import { ANNOTATION, attemptOf, dnsLabel, kubeJobNames, LABEL, labelValue } from "./job-names.ts";
import { JobRemains } from "./job-remains.ts";
import { parseTerms } from "./job-terms.ts";
import type { KubeClient } from "./kube-client.ts";
import { KubeJob } from "./kube-job.ts";
import { NamespaceWatch } from "./namespace-watch.ts";
import { sharedClaimName } from "./shared-workspace.ts";

export interface KubernetesExecutorOptions {
  readonly client: KubeClient;
  readonly mailbox: RunnerMailbox;
  /** In the order in which they are asked; at least one. */
  readonly classes: readonly RunnerClass[];
  /** Name of this installation among those that share the cluster. */
  readonly installation: string;
  /** Absent: steps' images are not looked up, and steps that use them must name their entrypoint. */
  readonly images?: ImageConfigs;
  readonly clock?: Clock;
}

/**
 * Runs each job as one Kubernetes Job with one Pod. Frames come by the mailbox, from the runner itself; the cluster is only
 * watched, by one watch a namespace. Jobs outlive this process: they are found again by name.
 */
export class KubernetesExecutor implements Executor {
  readonly name = "kubernetes";
  readonly jobsOutliveIt = true;
  readonly #options: KubernetesExecutorOptions;
  readonly #clock: Clock;
  readonly #remains: JobRemains;
  readonly #watches = new Map<string, NamespaceWatch>();
  /** Namespaces that jobs were in. */
  readonly #namespaces = new Set<string>();
  /** Of workspaces that jobs share: where this process made them. */
  readonly #sharing = new Map<string, Set<string>>();

  constructor(options: KubernetesExecutorOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    const { client, mailbox, installation } = options;
    this.#remains = new JobRemains({ client, mailbox, installation, clock: this.#clock });
    for (const { namespace } of options.classes)
      if (!namespace.includes("{")) this.#namespaces.add(namespace);
  }

  refuses({ labels, group }: JobNeeds): string | undefined {
    const choice = chooseClass(this.#options.classes, group === undefined ? { labels } : { labels, group });
    return "refusal" in choice ? choice.refusal : undefined;
  }

  async start(request: JobRequest, sink: FrameSink, note: NoteSink = () => {}): Promise<RunningJob> {
    const { mailbox, classes, installation, images } = this.#options;
    const { buildId, jobKey, attempt, placement } = request;
    const name: JobAttemptName = { buildId, jobKey, attempt };
    const { labels = [], group } = placement ?? {};
    const choice = chooseClass(classes, group === undefined ? { labels } : { labels, group });
    if ("refusal" in choice) throw new ExecError("InvalidSpec", choice.refusal);
    const { chosen } = choice;
    const project = projectOf(request);
    const namespace = chosen.namespace.replaceAll("{project}", project);
    const names = kubeJobNames(installation, name);
    const imageConfigs =
      (await images?.of(placement?.stepImages ?? [], chosen, namespace, note)) ?? new Map();
    const push = await mailbox.open(name);
    let made: Job | undefined;
    // Its pod may be there before the Job's making is answered; and one that waits changes no more.
    const expected = this.#watch(namespace).subscribe(names.job, () => {});
    try {
      const facts = {
        request,
        runnerClass: chosen,
        installation,
        names,
        namespace,
        project,
        push,
        imageConfigs,
      };
      const manifest = jobManifest(facts);
      this.#namespaces.add(namespace);
      if (manifest.claim !== undefined) await this.#makeClaim(manifest.claim, namespace, chosen);
      const { job, isNew } = await this.#makeJob(manifest.job, namespace, name, chosen);
      made = job;
      const uid = made.metadata?.uid ?? "";
      for (const secret of manifest.secrets) await this.#makeSecret(secret, made, namespace);
      const running = this.#follow(name, made, namespace, names.job, uid, 0, sink, note);
      if (!isNew) await this.#lookFor(namespace, names.job);
      return running;
    } catch (error) {
      if (made?.metadata?.uid !== undefined) {
        const jobUid = made.metadata.uid;
        await this.#remains.takeAway({ name, namespace, jobName: names.job, jobUid });
      } else await mailbox.close(name).catch(() => {});
      throw error;
    } finally {
      expected();
    }
  }

  async attach(
    ref: string,
    afterSeq: number,
    sink: FrameSink,
    note: NoteSink = () => {},
  ): Promise<RunningJob | undefined> {
    const { client, installation } = this.#options;
    const slash = ref.indexOf("/");
    const namespace = ref.slice(0, slash);
    const jobName = ref.slice(slash + 1);
    if (slash === -1 || namespace === "" || jobName === "") return undefined;
    const job = await client.get("jobs", namespace, jobName);
    if (job === undefined || job.metadata?.deletionTimestamp !== undefined) return undefined;
    const name = attemptOf(job);
    if (name === undefined || job.metadata?.labels?.[LABEL.installation] !== labelValue(installation))
      return undefined;
    this.#namespaces.add(namespace);
    const uid = job.metadata.uid ?? "";
    const running = this.#follow(name, job, namespace, jobName, uid, afterSeq, sink, note);
    await this.#lookFor(namespace, jobName);
    return running;
  }

  async releaseBuild(buildId: string): Promise<void> {
    const { client, installation } = this.#options;
    const name = sharedClaimName(installation, buildId);
    const namespaces = [...(this.#sharing.get(name) ?? [])];
    this.#sharing.delete(name);
    await Promise.all(
      namespaces.map((namespace) => client.remove("persistentvolumeclaims", namespace, name)),
    );
  }

  async sweep(isLive: IsLiveJob, isLiveBuild?: IsLiveBuild): Promise<number> {
    for (const namespace of await this.#madeNamespaces()) this.#namespaces.add(namespace);
    return await this.#remains.sweep([...this.#namespaces], isLive, isLiveBuild);
  }

  async close(): Promise<void> {
    for (const watch of this.#watches.values()) watch.close();
    this.#watches.clear();
    await this.#remains.close();
    this.#options.client.close();
  }

  /** Of jobs that workers before this one had: namespaces that were made for them are known by their label. */
  async #madeNamespaces(): Promise<readonly string[]> {
    const { client, classes, installation } = this.#options;
    if (!classes.some(({ createNamespace }) => createNamespace === true)) return [];
    try {
      const labels = `${LABEL.installation}=${labelValue(installation)}`;
      const { items } = await client.list("namespaces", "", { labels });
      return items.flatMap(({ metadata }) => (metadata?.name === undefined ? [] : [metadata.name]));
    } catch (error) {
      // Who may make namespaces may perhaps not list them: those it has jobs in it knows.
      if (error instanceof ExecError && error.code === "Forbidden") return [];
      throw error;
    }
  }

  #follow(
    name: JobAttemptName,
    job: Job,
    namespace: string,
    jobName: string,
    jobUid: string,
    afterSeq: number,
    sink: FrameSink,
    note: NoteSink,
  ): KubeJob {
    const { client, mailbox } = this.#options;
    const terms = parseTerms(job.metadata?.annotations?.[ANNOTATION.terms]);
    const watch = this.#watch(namespace);
    return new KubeJob(
      { client, mailbox, watch, remains: this.#remains, clock: this.#clock },
      { name, terms, namespace, jobName, jobUid, afterSeq, sink, note },
    );
  }

  /** The pod of a Job that was there before: the watch, if it runs already, may have told of it then. */
  async #lookFor(namespace: string, jobName: string): Promise<void> {
    await this.#watch(namespace)
      .look(jobName)
      .catch(() => {});
  }

  #watch(namespace: string): NamespaceWatch {
    let watch = this.#watches.get(namespace);
    if (watch === undefined) {
      const { client, installation } = this.#options;
      const labels = `${LABEL.installation}=${labelValue(installation)},${LABEL.role}=job`;
      watch = new NamespaceWatch({ client, namespace, labels, clock: this.#clock });
      this.#watches.set(namespace, watch);
    }
    return watch;
  }

  /** Makes what jobs of a build share, or finds it. */
  async #makeClaim(claim: PersistentVolumeClaim, namespace: string, chosen: RunnerClass): Promise<void> {
    const { client, installation } = this.#options;
    const name = claim.metadata?.name ?? "";
    const sharing = this.#sharing.get(name) ?? new Set();
    this.#sharing.set(name, sharing.add(namespace));
    const make = () => client.create("persistentvolumeclaims", namespace, claim);
    try {
      await make().catch(async (error: unknown) => {
        const missing = error instanceof ExecError && error.code === "NotFound";
        if (!missing || chosen.createNamespace !== true) throw error;
        await this.#makeNamespace(namespace);
        await make();
      });
    } catch (error) {
      if (!(error instanceof ExecError && error.code === "Conflict")) throw error;
      const there = await client.get("persistentvolumeclaims", namespace, name);
      if (there?.metadata?.deletionTimestamp !== undefined)
        throw new ExecError("Transient", `The build's workspace ${name} is going away.`, { cause: error });
      if (there?.metadata?.labels?.[LABEL.installation] !== labelValue(installation))
        throw new ExecError(
          "Conflict",
          `There is a volume claim ${name} in namespace '${namespace}' that is not Slipway's. Take it away.`,
          { cause: error },
        );
    }
  }

  /** Makes the Job, or finds the one that was made for this very attempt before. */
  async #makeJob(
    job: Job,
    namespace: string,
    name: JobAttemptName,
    chosen: RunnerClass,
  ): Promise<{ readonly job: Job; readonly isNew: boolean }> {
    const { client } = this.#options;
    try {
      return { job: await client.create("jobs", namespace, job), isNew: true };
    } catch (error) {
      if (!(error instanceof ExecError)) throw error;
      if (error.code === "NotFound" && chosen.createNamespace === true) {
        await this.#makeNamespace(namespace);
        return { job: await client.create("jobs", namespace, job), isNew: true };
      }
      if (error.code === "NotFound")
        throw new ExecError(
          "NotFound",
          `${error.message} Runner class '${chosen.name}' wants its jobs in namespace '${namespace}': make it, or set createNamespace.`,
          { cause: error },
        );
      if (error.code !== "Conflict") throw error;
    }
    const jobName = job.metadata?.name ?? "";
    const there = await client.get("jobs", namespace, jobName);
    if (there === undefined || there.metadata?.deletionTimestamp !== undefined)
      throw new ExecError(
        "Transient",
        `An earlier Job ${jobName} in namespace '${namespace}' is still going away.`,
        {
          retryAfterMs: 2_000,
        },
      );
    const whose = attemptOf(there);
    const own = there.metadata?.labels?.[LABEL.installation] === job.metadata?.labels?.[LABEL.installation];
    if (
      !own ||
      whose?.buildId !== name.buildId ||
      whose.jobKey !== name.jobKey ||
      whose.attempt !== name.attempt
    )
      throw new ExecError(
        "Conflict",
        `There is a Job ${jobName} in namespace '${namespace}' that is not of this job: another's, or its labels were changed. Take it away.`,
      );
    return { job: there, isNew: false };
  }

  async #makeNamespace(namespace: string): Promise<void> {
    const { client, installation } = this.#options;
    try {
      await client.create("namespaces", "", {
        apiVersion: "v1",
        kind: "Namespace",
        metadata: { name: namespace, labels: { [LABEL.installation]: labelValue(installation) } },
      });
    } catch (error) {
      if (!(error instanceof ExecError && error.code === "Conflict")) throw error;
    }
  }

  /** Owned by the Job, so that it goes with it whatever happens to us. */
  async #makeSecret(secret: Secret, job: Job, namespace: string): Promise<void> {
    const { client } = this.#options;
    const { name: jobName = "", uid = "" } = job.metadata ?? {};
    const owner = { apiVersion: "batch/v1", kind: "Job", name: jobName, uid, controller: true };
    const owned: Secret = { ...secret, metadata: { ...secret.metadata, ownerReferences: [owner] } };
    const name = secret.metadata?.name ?? "";
    for (let tries = 1; ; tries++) {
      try {
        await client.create("secrets", namespace, owned);
        return;
      } catch (error) {
        if (!(error instanceof ExecError && error.code === "Conflict")) throw error;
        const there = await client.get("secrets", namespace, name);
        if (there?.metadata?.ownerReferences?.some((each) => each.uid === uid) === true) return;
        // Left by an earlier Job of the same name, which is going.
        if (tries === 3) throw error;
        if (there?.metadata?.uid !== undefined)
          await client.remove("secrets", namespace, name, { uid: there.metadata.uid });
      }
    }
  }
}

/** The repository's name, as it can be part of a namespace's. */
function projectOf({ contexts, checkout }: JobRequest): string {
  const { repository } = contexts.github;
  return dnsLabel(typeof repository === "string" ? repository : checkout.repository, 40);
}
