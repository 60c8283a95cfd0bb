import { execFileSync, spawnSync } from "node:child_process";
import { accessSync, constants, globSync } from "node:fs";
import { delimiter, join } from "node:path";

/** Absolute path of a program: on PATH, else by one of the patterns (the newest by name). */
export function findProgram(name: string, patterns: readonly string[] = []): string | undefined {
  const onPath = (process.env.PATH ?? "").split(delimiter).map((folder) => join(folder, name));
  const elsewhere = patterns
    .flatMap((pattern) => globSync(pattern))
    .sort((a, b) => b.localeCompare(a, "en", { numeric: true }));
  return [...elsewhere, ...onPath].find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Installs packages where that can be done without asking: Debian, as root. Throws with what to do elsewhere. */
export function installPackages(packages: readonly string[]): void {
  const apt = findProgram("apt-get");
  if (apt === undefined || process.getuid?.() !== 0) {
    throw new Error(
      `Install ${packages.join(", ")} (or name a running server in the environment), and try again.`,
    );
  }
  // A service that the package would start takes the port of whoever has one already, and is not ours to stop.
  const environment = { ...process.env, DEBIAN_FRONTEND: "noninteractive", RUNLEVEL: "1" };
  const options = {
    stdio: ["ignore", "ignore", "inherit"] as ["ignore", "ignore", "inherit"],
    env: environment,
  };
  // Two processes that install at once take turns.
  const patient = ["-o", "DPkg::Lock::Timeout=300"];
  spawnSync(apt, [...patient, "update", "-qq"], options);
  const { status } = spawnSync(
    apt,
    [...patient, "install", "-y", "-qq", "--no-install-recommends", ...packages],
    options,
  );
  if (status !== 0) throw new Error(`Could not install ${packages.join(", ")}.`);
}

/** User and group that a server refusing to run as root is started with; undefined: as we are. */
export function unprivileged(user: string): { readonly uid: number; readonly gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const id = (flag: string) => Number(execFileSync("id", [flag, user], { encoding: "utf8" }).trim());
  return { uid: id("-u"), gid: id("-g") };
}
