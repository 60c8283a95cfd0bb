// The programs of the operating system that tests and examples use. What is missing is installed where that can be
// done without asking (Debian, as root); elsewhere the person is told what to install.
import { spawnSync } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

/** Program on PATH, and the Debian package that has it. */
const TOOLS: Readonly<Record<string, string>> = {
  bash: "bash",
  cc: "gcc",
  curl: "curl",
  git: "git",
  make: "make",
  python3: "python3",
};

function onPath(program: string): boolean {
  return (process.env.PATH ?? "").split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

export async function provideTools(): Promise<void> {
  const missing = Object.entries(TOOLS).filter(([program]) => !onPath(program));
  if (missing.length === 0) return;
  const packages = missing.map(([, name]) => name);
  const canInstall = onPath("apt-get") && process.getuid?.() === 0;
  if (!canInstall) {
    throw new Error(
      `Missing on PATH: ${missing.map(([program]) => program).join(", ")}. Install them and try again.`,
    );
  }
  console.error(`Installing ${packages.join(", ")}…`);
  const options = {
    stdio: ["ignore", 2, 2] as ["ignore", 2, 2],
    env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
  };
  spawnSync("apt-get", ["update", "-qq"], options);
  const result = spawnSync(
    "apt-get",
    ["install", "-y", "-qq", "--no-install-recommends", ...packages],
    options,
  );
  if (result.status !== 0) throw new Error(`Could not install ${packages.join(", ")}`);
}
