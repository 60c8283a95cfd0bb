/** The real clients, unmodified, each call in a process of its own with the environment a step has. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { onTestFinished } from "vitest";
import type { ServiceJob } from "../identity/service-job.ts";
import type { JobServices } from "../protocol/job-request.ts";
import type { JobClient } from "./services.fixture.ts";

export interface ClientStep {
  readonly workspace: string;
  /** Runs a module's text in the workspace and gives what it passes to `done`. */
  run(body: string): Promise<unknown>;
}

export async function clientStep(
  services: { client(change: Partial<ServiceJob>): Promise<JobClient> },
  change: Partial<ServiceJob> = {},
  extra = {},
): Promise<ClientStep> {
  const job = await services.client({ buildId: "clients", ...change });
  const folder = await mkdtemp(join(tmpdir(), "slipway-clients-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const workspace = join(folder, "work");
  await mkdir(join(folder, "temp"));
  await mkdir(workspace);
  const env = {
    PATH: process.env.PATH,
    HOME: folder,
    ...environmentOf(job.services),
    GITHUB_SERVER_URL: "https://github.com",
    GITHUB_WORKSPACE: workspace,
    GITHUB_REF: "refs/heads/main",
    RUNNER_TEMP: join(folder, "temp"),
    ...extra,
  };
  return {
    workspace,
    async run(body) {
      const script = `
        import { writeFile, mkdir } from "node:fs/promises";
        const done = (value) => process.stdout.write("\\nRESULT " + JSON.stringify(value ?? null) + "\\n");
        ${body}`;
      const child = spawn(process.execPath, ["--input-type=module", "-e", script], { cwd: workspace, env });
      let output = "";
      for (const stream of [child.stdout, child.stderr]) {
        stream.setEncoding("utf8").on("data", (text: string) => {
          output += text;
        });
      }
      await once(child, "close");
      const result = /^RESULT (.*)$/m.exec(output)?.[1];
      if (result === undefined) throw new Error(`the client ended without a result:\n${output}`);
      return JSON.parse(result);
    },
  };
}

function environmentOf(services: JobServices): Record<string, string> {
  return {
    ACTIONS_RUNTIME_TOKEN: services.runtimeToken,
    ACTIONS_RESULTS_URL: services.resultsUrl,
    ACTIONS_CACHE_URL: services.cacheUrl,
    ACTIONS_CACHE_SERVICE_V2: "True",
    ACTIONS_ID_TOKEN_REQUEST_URL: services.idTokenRequestUrl ?? "",
    ACTIONS_ID_TOKEN_REQUEST_TOKEN: services.idTokenRequestToken ?? "",
  };
}

export async function writeAll(folder: string, files: Record<string, string>): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  }
}

export const ARTIFACT = `const { DefaultArtifactClient } = await import("${import.meta.resolve("@actions/artifact")}"); const client = new DefaultArtifactClient();`;
export const CACHE = `const cache = await import("${import.meta.resolve("@actions/cache")}");`;
