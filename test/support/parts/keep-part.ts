// Keeps one server for a test run: starts it, says so in `ready.json`, and stops it when the run ends, however it ends.
//   node keep-part.ts NAME FOLDER OWNER-PID
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { PartName, StartPart } from "./part.ts";

const [name, folder = "", owner] = process.argv.slice(2);

const STARTERS: { readonly [N in PartName]: () => Promise<StartPart> } = {
  postgres: async () => (await import("./postgres-server.ts")).startPostgres,
  rabbit: async () => (await import("./rabbit-server.ts")).startRabbit,
  docker: async () => (await import("./docker-server.ts")).startDocker,
  s3: async () => (await import("../swift.ts")).startS3,
};

function ownerLives(): boolean {
  try {
    process.kill(Number(owner), 0);
    return true;
  } catch {
    return false;
  }
}

function say(file: string, text: string): void {
  writeFileSync(join(folder, `${file}.new`), text);
  renameSync(join(folder, `${file}.new`), join(folder, file));
}

// A signal that ends the run reaches this process too; what it started is still to be stopped.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => {});
try {
  const home = join(folder, "server");
  mkdirSync(home, { recursive: true });
  const start = await STARTERS[name as PartName]();
  const part = await start(home);
  say("ready.json", JSON.stringify(part.info));
  while (ownerLives() && !existsSync(join(folder, "stop")))
    await new Promise((resolve) => setTimeout(resolve, 200));
  await part.stop();
} catch (error) {
  say("error.txt", error instanceof Error ? (error.stack ?? error.message) : String(error));
  process.exitCode = 1;
}
if (!ownerLives()) rmSync(folder, { recursive: true, force: true });
else if (existsSync(folder)) say("stopped", "");
