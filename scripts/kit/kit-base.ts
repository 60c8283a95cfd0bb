import { execFileSync, spawnSync } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { KIT, KIT_ROOT } from "../../src/executors/kit/kit-layout.ts";
import { unpackPackages } from "./debian-packages.ts";
import { ARCHES, type KitArch } from "./kit-arch.ts";
import { nodeProgram } from "./node-program.ts";
import { gitWithKitShell, NAME_SERVICES, sealedLibc, sealedLoader } from "./sealed-programs.ts";

/** Programs of git that are files of their own; the rest are names of `git`. */
const GIT_PROGRAMS = ["git-remote-http", "git-sh-i18n--envsubst"];
const GIT_REMOTES = ["git-remote-https"];
const GIT_SCRIPTS = ["git-submodule", "git-sh-setup", "git-sh-i18n", "git-merge-one-file"];
/** What those scripts call, found beside them. */
const SCRIPT_TOOLS = [
  "basename",
  "cat",
  "cp",
  "dirname",
  "grep",
  "mkdir",
  "mv",
  "rm",
  "sed",
  "sh",
  "sort",
  "tr",
  "uname",
  "wc",
];

/** Lays out all of the kit that is not made from this project's sources, in `kit`; `scratch` is for what it takes on the way. */
export function layOutBase(kit: string, scratch: string, arch: KitArch): void {
  const unpacked = unpackPackages(scratch, arch);
  const inKit = (path: string) => join(kit, path.slice(KIT_ROOT.length));
  const put = (from: string, path: string, mode = 0o755) => {
    mkdirSync(dirname(inKit(path)), { recursive: true });
    copyFileSync(realpathSync(from), inKit(path));
    chmodSync(inKit(path), mode);
  };
  put(nodeProgram(scratch, arch), KIT.node);
  strip(inKit(KIT.node), arch);
  put(join(unpacked, "usr/bin/tini-static"), KIT.init);
  put(join(unpacked, "bin/busybox"), KIT.busybox);
  put(join(unpacked, "usr/bin/git"), KIT.git);
  const core = join(unpacked, "usr/lib/git-core");
  for (const name of GIT_PROGRAMS) put(join(core, name), `${KIT.gitExecPath}/${name}`);
  for (const path of [KIT.git, `${KIT.gitExecPath}/git-remote-http`]) {
    writeFileSync(inKit(path), gitWithKitShell(readFileSync(inKit(path))));
  }
  layOutGit(core, inKit(KIT.gitExecPath));
  for (const name of ["description", "info/exclude"]) {
    put(join(unpacked, "usr/share/git-core/templates", name), `${KIT.gitTemplates}/${name}`, 0o644);
  }
  mkdirSync(inKit(KIT.shellDirectory));
  symlinkSync("../bin/busybox", join(inKit(KIT.shellDirectory), "sh"));
  mkdirSync(dirname(inKit(KIT.certificates)));
  writeFileSync(inKit(KIT.certificates), certificates(join(unpacked, "usr/share/ca-certificates")));
  writeFileSync(
    inKit(NAME_SERVICES),
    "passwd: files\ngroup: files\nhosts: files dns\nservices: files\nprotocols: files\n",
  );
  const programs = [KIT.node, KIT.git, ...GIT_PROGRAMS.map((name) => `${KIT.gitExecPath}/${name}`)];
  layOutLibraries(programs.map(inKit), unpacked, inKit(`${KIT_ROOT}/lib`), arch);
}

function layOutGit(core: string, target: string): void {
  for (const name of GIT_SCRIPTS) {
    const text = readFileSync(join(core, name), "utf8").replace(
      /^#!\s*\/bin\/sh/,
      `#!${KIT.shellDirectory}/sh`,
    );
    writeFileSync(join(target, name), text, { mode: 0o755 });
  }
  for (const name of SCRIPT_TOOLS) symlinkSync("../../bin/busybox", join(target, name));
  for (const name of GIT_REMOTES) symlinkSync("git-remote-http", join(target, name));
  for (const name of ["git", "git-upload-pack", "git-receive-pack", "git-upload-archive"])
    symlinkSync("../../bin/git", join(target, name));
}

/** Every library that the programs need, and the loader; all are bound to the kit's own folder and to nothing else. */
function layOutLibraries(programs: readonly string[], unpacked: string, target: string, arch: KitArch): void {
  const { triplet, loader } = ARCHES[arch];
  const places = [`lib/${triplet}`, `usr/lib/${triplet}`, "lib", "lib64"].map((path) => join(unpacked, path));
  mkdirSync(target, { recursive: true });
  const find = (name: string): string => {
    const found = places.map((place) => join(place, name)).find((path) => existsSync(path));
    if (found === undefined) throw new Error(`${name} is needed and in none of the packages.`);
    return found;
  };
  const waiting = [...programs];
  const done = new Set<string>();
  for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
    for (const name of patchelf(["--print-needed", file]).split("\n").filter(Boolean)) {
      if (done.has(name)) continue;
      done.add(name);
      copyFileSync(realpathSync(find(name)), join(target, name));
      chmodSync(join(target, name), 0o755);
      waiting.push(join(target, name));
    }
  }
  for (const name of done) {
    if (name === loader || name === "libc.so.6") continue;
    patchelf(["--force-rpath", "--set-rpath", `${KIT_ROOT}/lib`, join(target, name)]);
  }
  const seal = (name: string, sealed: (bytes: Buffer) => Buffer) =>
    writeFileSync(join(target, name), sealed(readFileSync(find(name))), { mode: 0o755 });
  seal(loader, (bytes) => sealedLoader(bytes, arch));
  seal("libc.so.6", sealedLibc);
  for (const program of programs) {
    // An rpath, which goes before LD_LIBRARY_PATH and holds for what the libraries load; a runpath does neither.
    patchelf(["--force-rpath", "--set-rpath", `${KIT_ROOT}/lib`, program]);
    patchelf(["--set-interpreter", `${KIT_ROOT}/lib/${loader}`, program]);
  }
}

function patchelf(args: readonly string[]): string {
  return execFileSync("patchelf", args, { encoding: "utf8", maxBuffer: 1e8 });
}

/** Takes the names of functions that nothing else calls, a seventh of it, where the machine has a strip for this architecture. */
function strip(program: string, arch: KitArch): void {
  const { error, status } = spawnSync(`${ARCHES[arch].triplet}-strip`, [program], { stdio: "inherit" });
  if (error === undefined && status !== 0) throw new Error(`${program} could not be stripped.`);
}

function certificates(folder: string): string {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".crt"))
    .sort()
    .map((name) => readFileSync(join(folder, name), "utf8").trimEnd().concat("\n"))
    .join("");
}
