import type { Clock } from "../../clock.ts";
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
import type { KitSource } from "../kit/kit-source.ts";
import { DefaultNetwork } from "./default-network.ts";
import type { ContainerFacts, DockerEngine } from "./docker-engine.ts";
import { DockerJob, type PlacedJob } from "./docker-job.ts";
import type { DockerPlace, DockerSettings } from "./docker-settings.ts";
import type { KitPlace } from "./job-mounts.ts";
import { attemptOfLabels, containerOfRef, JobNames, LABEL, sharedVolumeName } from "./job-names.ts";
import { refusalOfLabels } from "./labels.ts";
import { planJob } from "./plan-job.ts";
import { prepareJob } from "./prepare-job.ts";
import { removeLabelled } from "./remove-job.ts";
import { sweepLeftovers } from "./sweep-leftovers.ts";
import { sweepSocketFolders } from "./sweep-socket-folders.ts";

export interface DockerExecutorOptions extends DockerSettings {
  /** Asked with the first job. */
  readonly engine: () => Promise<DockerEngine>;
  /** `bind`: a folder of the Docker host's, mounted as it is. Else the kit becomes a volume there, once. */
  readonly kit: KitSource | { readonly kind: "bind"; readonly folder: string };
  readonly clock: Clock;
  /** Whether the process of an `owner` lives, for `sweep`. */
  readonly ownerLives?: (owner: string) => boolean;
}

/** Runs each job in a container of its own, its runner the first process in it. */
export class DockerExecutor implements Executor {
  readonly name = "docker";
  readonly jobsOutliveIt: boolean;
  readonly sharesFolders: boolean;
  readonly #options: DockerExecutorOptions;
  readonly #jobs = new Set<DockerJob>();
  readonly #defaultNetwork = new DefaultNetwork();
  readonly #closed = new AbortController();
  #engine: Promise<DockerEngine> | undefined;
  #kit: Promise<KitPlace> | undefined;

  constructor(options: DockerExecutorOptions) {
    this.#options = options;
    this.jobsOutliveIt = options.outlives;
    this.sharesFolders = options.mode === "bind";
  }

  refuses(needs: JobNeeds): string | undefined {
    return refusalOfLabels(needs, this.#options.images);
  }

  refOf(attempt: JobAttemptName): string {
    return new JobNames(this.#options.installation, attempt).ref;
  }

  async start(request: JobRequest, sink: FrameSink, note: NoteSink = () => {}): Promise<RunningJob> {
    const { installation, owner, outlives } = this.#options;
    const names = new JobNames(installation, request, owner);
    const plan = planJob(request, names, this.#options);
    const place = await this.#place();
    const texts = { displayName: request.displayName, sink, note, afterSeq: 0 };
    if (outlives) {
      const adopted = await this.#find(place, names.job);
      if (adopted !== undefined) return this.#keep(new DockerJob(place, names, texts, async () => adopted));
    }
    return this.#keep(
      new DockerJob(place, names, texts, (signals) => prepareJob(request, plan, names, place, note, signals)),
    );
  }

  async attach(
    ref: string,
    afterSeq: number,
    sink: FrameSink,
    note: NoteSink = () => {},
  ): Promise<RunningJob | undefined> {
    const container = containerOfRef(ref);
    const { installation, outlives } = this.#options;
    if (container === undefined || !outlives) return undefined;
    const place = await this.#place();
    const found = await place.engine.inspectContainer(container);
    const attempt = attemptOfLabels(found?.labels ?? {});
    if (attempt === undefined || found?.labels[LABEL.installation] !== installation) return undefined;
    const placed = await this.#find(place, container);
    if (placed === undefined) return undefined;
    const texts = { displayName: found.labels[LABEL.name] ?? attempt.jobKey, sink, note, afterSeq };
    return this.#keep(new DockerJob(place, new JobNames(installation, attempt), texts, async () => placed));
  }

  async releaseBuild(buildId: string): Promise<void> {
    // One that was never opened has placed no job; a volume that an earlier process left is swept.
    if (this.#engine === undefined) return;
    await (await this.#engine).removeVolume(sharedVolumeName(this.#options.installation, buildId));
  }

  async sweep(isLive: IsLiveJob, isLiveBuild?: IsLiveBuild): Promise<number> {
    const { clock, installation, ownerLives } = this.#options;
    const { engine } = await this.#place();
    await sweepSocketFolders(this.#options, engine);
    return await sweepLeftovers(engine, clock, installation, isLive, ownerLives, isLiveBuild);
  }

  /** Jobs that outlive it are placed first where they are not yet, and go on; others are left to whoever waits for them. */
  async close(): Promise<void> {
    if (this.#options.outlives) {
      const jobs = [...this.#jobs];
      await Promise.all(jobs.map(({ placed }) => placed));
      for (const job of jobs) job.detach();
    }
    this.#closed.abort(new ExecError("Cancelled", "The executor was closed."));
    (await this.#engine?.catch(() => undefined))?.close();
  }

  async #place(): Promise<DockerPlace> {
    const { engine: open, clock } = this.#options;
    this.#engine ??= open();
    const engine = await this.#engine;
    return {
      settings: this.#options,
      engine,
      clock,
      defaultNetwork: this.#defaultNetwork,
      kit: () => {
        this.#kit ??= this.#placeKit(engine).catch((error: unknown) => {
          // Another job may have more luck.
          this.#kit = undefined;
          throw error;
        });
        return this.#kit;
      },
      renewKit: async (mounts) => {
        const old = await this.#kit?.catch(() => undefined);
        if (old?.kind !== "volume" || !mounts.some(({ Source }) => Source === old.name)) return;
        this.#kit = undefined;
        // Made by the daemon with a container that wanted it; in use still where its other jobs have not noticed.
        await engine.removeVolume(old.name).catch(() => {});
      },
    };
  }

  #keep(job: DockerJob): DockerJob {
    this.#jobs.add(job);
    void job.ended.then(() => this.#jobs.delete(job));
    return job;
  }

  async #placeKit(engine: DockerEngine): Promise<KitPlace> {
    const { kit } = this.#options;
    if (kit.kind === "bind") return { kind: "folder", path: kit.folder };
    return { kind: "volume", name: await engine.ensureKit(kit, this.#closed.signal) };
  }

  /** A job's container that began to run; one that never did is removed with all that was made for it. */
  async #find({ engine, clock }: DockerPlace, container: string): Promise<PlacedJob | undefined> {
    const facts = await engine.inspectContainer(container);
    if (facts === undefined) return undefined;
    const attempt = attemptOfLabels(facts.labels);
    if (attempt === undefined)
      throw new ExecError("Conflict", `The container ${container} is there, and is none of Slipway's.`);
    if (facts.status === "created") {
      await removeLabelled(engine, clock, new JobNames(this.#options.installation, attempt).own);
      return undefined;
    }
    return placedAgain(facts);
  }
}

function placedAgain({ id, labels, mounts }: ContainerFacts): PlacedJob {
  const ports = labels[LABEL.hostPorts] ?? "";
  return {
    container: id,
    mounts,
    workspace: labels[LABEL.workspace] ?? "",
    hostPorts: ports === "" ? [] : ports.split(",").map(Number),
  };
}
