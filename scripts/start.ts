// The demo: the platform on its embedded default, in a fresh data folder. The Node service of examples/ becomes a project;
// its pipeline goes the whole way (API, records, queue, worker, runners, logs, artifacts) and is watched here. Then the
// server goes on until Ctrl-C. PORT is the port to serve on (default 8080, or a free one where that is taken).
import { execFileSync, spawn } from "node:child_process";
import { cpSync, createWriteStream, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const program = join(root, "dist/slipway.mjs");
const PROJECT = "examples/node-service";
const PIPELINE = ".workflows/example_pipeline.yml";

function run(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<number> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [...args], {
      cwd: root,
      stdio: "inherit",
      env: { ...process.env, ...env },
    });
    child.on("exit", (code) => resolve(code ?? 1));
  });
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  try {
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(port, "127.0.0.1", resolve);
    });
    return true;
  } catch {
    return false;
  } finally {
    server.close();
  }
}

/** A copy of the example, as a git repository of its own. */
function makeRepository(folder: string): string {
  const repository = join(folder, "node-service");
  cpSync(join(root, PROJECT), repository, { recursive: true });
  const git = (...args: string[]) =>
    execFileSync("git", ["-c", "user.name=Slipway", "-c", "user.email=demo@slipway.dev", ...args], {
      cwd: repository,
      stdio: "ignore",
    });
  git("init", "--quiet", "--initial-branch=main");
  git("add", "--all");
  git("commit", "--quiet", "--message=The example service");
  return repository;
}

const built = await run(["scripts/build.ts"]);
if (built !== 0) process.exit(built);

const folder = mkdtempSync(join(tmpdir(), "slipway-demo-"));
mkdirSync(join(folder, "home"));
const wanted = Number(process.env.PORT ?? 8080);
const port = (await isFree(wanted)) ? wanted : 0;
const server = spawn(
  process.execPath,
  [program, "serve", "--data", join(folder, "data"), "--listen", `127.0.0.1:${port}`],
  {
    cwd: folder,
    stdio: ["ignore", "pipe", "pipe"],
    // Ctrl-C reaches every process of the terminal; the server is told to stop from here, when the rest has.
    detached: true,
  },
);
const log = join(folder, "server.log");
server.stderr.pipe(createWriteStream(log));
let said = "";
const ended = new Promise<number>((resolve) => server.on("exit", (code) => resolve(code ?? 1)));
const ready = new Promise<void>((resolve) => {
  server.stdout.setEncoding("utf8").on("data", (text: string) => {
    said += text;
    if (said.includes("/login?code=")) resolve();
  });
});
const stop = async () => {
  server.kill("SIGTERM");
  await ended;
  rmSync(folder, { recursive: true, force: true });
};
let asked = false;
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.on(signal, () => {
    if (!asked) void stop().then(() => process.exit(0));
    asked = true;
  });
}
if ((await Promise.race([ready.then(() => true), ended.then(() => false)])) === false) {
  console.error(`The server could not be started; see ${log}`);
  process.exit(1);
}

const address = /Slipway serves (\S+)/.exec(said)?.[1] ?? "";
const token = /slw_[\w-]+/.exec(said)?.[0] ?? "";
const link = /\S+\/login\?code=\S+/.exec(said)?.[0] ?? "";
const client = { SLIPWAY_SERVER: address, SLIPWAY_TOKEN: token, XDG_CONFIG_HOME: join(folder, "home") };
console.log(`Slipway serves ${address}, with its data in ${folder}\n`);
const name = "examples/node-service";
const slipway = (...args: string[]) => {
  console.log(`$ slipway ${args.join(" ")}`);
  return run([program, ...args], client);
};
const added = await slipway("project", "add", makeRepository(folder), "--name", name);
const code = added === 0 ? await slipway("trigger", PIPELINE, "--project", name, "--watch") : added;
if (!asked) {
  console.log(
    `\n${code === 0 ? "The build has gone the whole way." : "The build did not succeed."} The server goes on:`,
  );
  console.log(`  look at it    ${link}   (good once, for ten minutes)`);
  console.log(`  its API       ${address}/api/docs`);
  console.log(`  from a shell  SLIPWAY_SERVER=${address} SLIPWAY_TOKEN=${token} bin/slipway builds`);
  console.log("Ctrl-C stops it and removes its data.");
}
process.exitCode = await ended;
