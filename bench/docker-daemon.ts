import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import Docker from "dockerode";

export interface BenchDocker extends AsyncDisposable {
  readonly client: Docker;
  readonly host: string;
}

const LIMIT_MS = 60_000;

/** A Docker daemon of the benchmark's own, as tests have one; or the one `SLIPWAY_TEST_DOCKER_HOST` names, a socket. */
export async function benchDocker(): Promise<BenchDocker> {
  const given = process.env.SLIPWAY_TEST_DOCKER_HOST;
  if (given !== undefined) return { ...at(given), [Symbol.asyncDispose]: async () => {} };
  const folder = mkdtempSync(join(tmpdir(), "slipway-bench-"));
  const keeper = fileURLToPath(new URL("../test/support/parts/keep-part.ts", import.meta.url));
  const child = spawn(process.execPath, [keeper, "docker", folder, `${process.pid}`], {
    detached: true,
    stdio: ["ignore", "ignore", "inherit"],
  });
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const deadline = Date.now() + LIMIT_MS;
  while (!existsSync(join(folder, "ready.json"))) {
    if (existsSync(join(folder, "error.txt")))
      throw new Error(readFileSync(join(folder, "error.txt"), "utf8"));
    if (Date.now() > deadline) throw new Error("The Docker daemon did not start in time.");
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const { host }: { host: string } = JSON.parse(readFileSync(join(folder, "ready.json"), "utf8"));
  return {
    ...at(host),
    [Symbol.asyncDispose]: async () => {
      writeFileSync(join(folder, "stop"), "");
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function at(host: string): { readonly client: Docker; readonly host: string } {
  return { client: new Docker({ socketPath: host.replace(/^unix:\/\//, "") }), host };
}
