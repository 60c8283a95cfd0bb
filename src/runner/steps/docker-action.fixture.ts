import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { JobContainers, JobRequest } from "../../protocol/job-request.ts";
import { ScriptedContainers, type ScriptedContainersOptions } from "../containers/gate.fixture.ts";
import { type JobOptions, type JobRecord, jobOf, recordJob } from "../testing/record-job.ts";

export interface DockerTrialOptions extends Partial<ScriptedContainersOptions>, Omit<JobOptions, "request"> {
  readonly request?: Partial<JobRequest>;
  readonly among?: Partial<JobContainers>;
  /** Actions that are there before the job starts: what `uses` says, and their folder in the workspace. */
  readonly actions?: { readonly [uses: string]: string };
}

export interface DockerTrial {
  readonly record: JobRecord;
  readonly containers: ScriptedContainers;
  /** Where the containers see the workspace. */
  readonly stepWorkspace: string;
  readonly request: JobRequest;
}

const SHELL = { entrypoint: ["/bin/sh", "-c"], command: ["echo the command of the image"] };

/**
 * Runs steps whose containers are processes of this machine. There is one image, `tool`, a shell, and the workspace stands
 * elsewhere for them, as it does in containers. All that was started is gone when it resolves.
 */
export async function dockerTrial(steps: string, options: DockerTrialOptions = {}): Promise<DockerTrial> {
  const { images = { tool: SHELL }, env, gates, among, actions = {}, before, ...rest } = options;
  const elsewhere = realpathSync(mkdtempSync(join(tmpdir(), "elsewhere-")));
  const stepWorkspace = join(elsewhere, "workspace");
  const containers = new ScriptedContainers({
    images,
    ...(env === undefined ? {} : { env }),
    ...(gates === undefined ? {} : { gates }),
  });
  let request: JobRequest | undefined;
  try {
    const record = await recordJob(jobOf(steps), {
      ...rest,
      ports: { containers, ...rest.ports },
      request: {
        containers: { services: {}, steps: { kind: "asked" }, stepWorkspace, ...among },
        ...rest.request,
      },
      before(made) {
        request = made;
        mkdirSync(made.directories.workspace, { recursive: true });
        symlinkSync(made.directories.workspace, stepWorkspace);
        const local = made.actions.local as { [uses: string]: string };
        for (const [uses, folder] of Object.entries(actions)) {
          local[uses] = join(made.directories.workspace, folder);
        }
        before?.(made);
      },
    });
    if (request === undefined) throw new Error("no job was made");
    return { record, containers, stepWorkspace, request };
  } finally {
    await containers.close();
    rmSync(elsewhere, { recursive: true, force: true });
  }
}
