// `slipway run` on the run's Docker daemon, in a repository of its own, and what it left there.
import { mkdirSync, readdirSync } from "node:fs";
import { LABEL } from "../../src/executors/docker/job-names.ts";
import { type BuildRecord, type JobRecord, readBuilds } from "../support/build-record.ts";
import { type TestDocker, testDocker } from "../support/docker.ts";
import { testKit } from "../support/kit.ts";
import { type Ran, type RunOptions, Sandbox, slipway } from "../support/slipway.ts";

/** A file of the workflow, text that needs no quoting. */
export type Files = Readonly<Record<string, string>>;

export interface StageRun extends Ran {
  readonly pid: number;
  readonly build: BuildRecord;
  readonly job: (name: string) => JobRecord;
}

export interface StageRunOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly onStdout?: RunOptions["onStdout"];
  readonly user?: RunOptions["user"];
}

/** One repository and one home; closed, it is gone. */
export class RunStage implements Disposable {
  readonly box = new Sandbox();
  readonly repository: string;
  readonly docker: TestDocker;
  /** `TMPDIR` of its runs. */
  readonly temp: string;

  private constructor(docker: TestDocker, files: Files) {
    this.docker = docker;
    this.temp = this.box.join("t");
    mkdirSync(this.temp);
    this.repository = this.box.repository("repository", files);
  }

  /** `workflow` is `.github/workflows/ci.yml`. */
  static async open(workflow: string, files: Files = {}): Promise<RunStage> {
    const docker = await testDocker();
    await testKit();
    return new RunStage(docker, { ".github/workflows/ci.yml": workflow, ...files });
  }

  /** The environment of its runs. */
  get env(): Record<string, string> {
    return {
      HOME: this.box.path,
      XDG_STATE_HOME: this.box.join("state"),
      XDG_CACHE_HOME: this.box.join("cache"),
      TMPDIR: this.temp,
      DOCKER_HOST: this.docker.host,
    };
  }

  /** With `--json`. Throws where no build was told of. */
  async run(args: readonly string[] = [], options: StageRunOptions = {}): Promise<StageRun> {
    let pid = 0;
    const ran = await slipway(["run", "--json", "--offline", ...args], {
      cwd: this.repository,
      env: { ...this.env, ...options.env },
      ...(options.user === undefined ? {} : { user: options.user }),
      onStdout: (soFar, child) => {
        pid = child.pid;
        options.onStdout?.(soFar, child);
      },
    });
    const [build] = readBuilds(ran.stdout);
    if (build === undefined) throw new Error(`No build ran: ${ran.stdout}${ran.stderr}`);
    const job = (name: string) => {
      const found = build.jobs.find((each) => each.name === name);
      if (found === undefined) throw new Error(`No job ${name} among ${build.jobs.map((each) => each.name)}`);
      return found;
    };
    return { ...ran, pid, build, job };
  }

  /** What a run left in the daemon and in its folder for temporary files, by name. */
  async leftovers({ pid }: { readonly pid: number }): Promise<readonly string[]> {
    return [...(await this.inDaemon(pid)), ...readdirSync(this.temp)];
  }

  /** Containers, networks, volumes and images of the run with this process. */
  async inDaemon(pid: number): Promise<readonly string[]> {
    const { client } = this.docker;
    const filters = { label: [LABEL.owner] };
    const own = ({ Labels }: { readonly Labels?: Readonly<Record<string, string>> | undefined }) =>
      (JSON.parse(Labels?.[LABEL.owner] ?? "{}") as { pid?: number }).pid === pid;
    const containers = (await client.listContainers({ all: true, filters })).filter(own);
    const networks = (await client.listNetworks({ filters })).filter(own);
    const volumes = (await client.listVolumes({ filters: JSON.stringify(filters) as never })).Volumes.filter(
      own,
    );
    const images = (await client.listImages({ filters: JSON.stringify(filters) as never })).filter(own);
    return [
      ...containers.map(({ Names }) => `container ${Names.join(" ")}`),
      ...networks.map(({ Name }) => `network ${Name}`),
      ...volumes.map(({ Name }) => `volume ${Name}`),
      ...images.map(({ RepoTags }) => `image ${RepoTags?.join(" ")}`),
    ];
  }

  [Symbol.dispose](): void {
    this.box[Symbol.dispose]();
  }
}

/** What a job printed, without the runner's own lines about it. */
export function printed({ steps }: JobRecord, name: string): string {
  return [...steps.values()].find((step) => step.name === name)?.log ?? "";
}

export function saidOf({ build, stderr }: StageRun): string {
  const jobs = build.jobs.map(
    ({ name, result, error, log }) => `${name}: ${result} ${error ?? ""}\n${log.slice(-2500)}`,
  );
  return `${jobs.join("\n")}\n${stderr}`;
}
