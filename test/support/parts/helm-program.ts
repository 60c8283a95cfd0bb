import { spawnSync } from "node:child_process";
import { chmodSync, globSync, mkdirSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { findProgram, installPackages } from "./programs.ts";

const VERSION = "v3.22.0";
/** What that version of Helm is built with where the machine has no Go that is new enough. */
const TOOLCHAIN = "go1.26.8";
const GO_PLACES = ["/usr/local/go/bin/go", "/usr/lib/go-*/bin/go"];

/** A machine that was given it already, or built it once. */
function presentHelm(): string | undefined {
  const given = process.env.SLIPWAY_TEST_HELM;
  if (given !== undefined) return given;
  return findProgram("helm", [builtHelm()]);
}

/**
 * The program `helm`: named by SLIPWAY_TEST_HELM, on PATH, or built from its Go module, which takes a minute or two, and
 * kept in the user's cache. Debian has no package of it; packages of others are not Helm's own. Throws where it cannot be had.
 */
export function provideHelm(): string {
  return presentHelm() ?? buildHelm();
}

function builtHelm(): string {
  const cache = process.env.XDG_CACHE_HOME || join(homedir(), ".cache");
  return join(cache, "slipway-tests", `helm-${VERSION}`, "helm");
}

function buildHelm(): string {
  const target = builtHelm();
  console.error(`Building helm ${VERSION}…`);
  const go = findProgram("go", GO_PLACES);
  mkdirSync(join(target, ".."), { recursive: true });
  // Two that build at once each put a whole program in its place.
  const folder = mkdtempSync(join(target, "..", "build-"));
  try {
    const refused = go === undefined ? "there is no Go" : install(go, folder);
    if (refused !== undefined) {
      const newer = install(fetchToolchain(folder), folder);
      if (newer !== undefined)
        throw new Error(`Helm could not be built:\n${newer}\nName one in SLIPWAY_TEST_HELM.`);
    }
    renameSync(join(folder, "bin", "helm"), target);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return target;
}

/** What Go printed where it could not. */
function install(go: string, folder: string): string | undefined {
  const { status, stderr, error } = spawnSync(
    go,
    ["install", "-ldflags=-s -w", `helm.sh/helm/v3/cmd/helm@${VERSION}`],
    {
      // Modules are found by the one in the working folder otherwise.
      cwd: tmpdir(),
      encoding: "utf8",
      env: { ...process.env, GOBIN: join(folder, "bin"), GO111MODULE: "on", CGO_ENABLED: "0" },
    },
  );
  return status === 0 ? undefined : (error?.message ?? stderr.slice(-2000));
}

/** A Go that is too old to build Helm is new enough to fetch one that is not, checked against Go's own sums. */
function fetchToolchain(folder: string): string {
  let go = findProgram("go", GO_PLACES);
  if (go === undefined) {
    installPackages(["golang-go"]);
    go = findProgram("go", GO_PLACES);
  }
  if (go === undefined) throw new Error("Go is installed, but its program is not to be found.");
  const arch = process.arch === "x64" ? "amd64" : process.arch;
  const version = `v0.0.1-${TOOLCHAIN}.${process.platform}-${arch}`;
  const root = join(folder, "go");
  const { status, stderr } = spawnSync(go, ["mod", "download", `golang.org/toolchain@${version}`], {
    cwd: tmpdir(),
    encoding: "utf8",
    env: { ...process.env, GOMODCACHE: root, GOFLAGS: "-modcacherw" },
  });
  if (status !== 0) throw new Error(`Go ${TOOLCHAIN} could not be had:\n${stderr.slice(-2000)}`);
  const home = join(root, "golang.org", `toolchain@${version}`);
  // The module has files, not modes.
  for (const file of globSync(["bin/*", "pkg/tool/*/*"], { cwd: home })) chmodSync(join(home, file), 0o755);
  return join(home, "bin", "go");
}
