import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { ARCHES, type KitArch } from "./kit-arch.ts";

/** What the kit takes from Debian; libraries come with what they need themselves. */
const PACKAGES = ["busybox-static", "ca-certificates", "git", "tini"];
const LIBRARIES = ["libc6", "libstdc++6", "libgcc-s1", "libcurl3-gnutls", "libpcre2-8-0", "zlib1g"];

/**
 * Unpacks Debian's packages of this architecture below `folder` and returns where. The machine's own packages, sources of
 * other architectures and caches are left as they are: apt works in a folder of its own, with the machine's list of sources.
 */
export function unpackPackages(folder: string, arch: KitArch): string {
  const { debian } = ARCHES[arch];
  const state = join(folder, "apt");
  const debs = join(folder, "debs");
  const unpacked = join(folder, "unpacked");
  for (const path of [join(state, "lists/partial"), join(state, "cache/archives/partial"), debs, unpacked])
    mkdirSync(path, { recursive: true });
  const settings = {
    "APT::Architecture": debian,
    "APT::Architectures": debian,
    "APT::Sandbox::User": "root",
    "Dir::State": state,
    "Dir::State::lists": join(state, "lists"),
    "Dir::State::status": "/dev/null",
    "Dir::Cache": join(state, "cache"),
    "Acquire::Retries": "3",
  };
  const options = Object.entries(settings).flatMap(([name, value]) => ["-o", `${name}=${value}`]);
  const run = (program: string, args: readonly string[]) =>
    execFileSync(program, [...options, ...args], {
      cwd: debs,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "inherit"],
      maxBuffer: 1e8,
    });
  run("apt-get", ["-qq", "update"]);
  const others = ["recommends", "suggests", "conflicts", "breaks", "replaces", "enhances"];
  const closure = run("apt-cache", [
    "depends",
    "--recurse",
    ...others.map((kind) => `--no-${kind}`),
    ...LIBRARIES,
  ])
    .split("\n")
    .filter((line) => /^[a-z0-9]/.test(line));
  run("apt-get", ["-qq", "download", ...PACKAGES, ...new Set(closure)]);
  for (const name of readdirSync(debs).sort()) execFileSync("dpkg", ["-x", join(debs, name), unpacked]);
  rmSync(state, { recursive: true });
  return unpacked;
}
