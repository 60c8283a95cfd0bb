import { execFileSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { KitDescription } from "../../src/executors/kit/kit-description.ts";
import { sha256 } from "../../src/executors/kit/layer-tar.ts";
import { version } from "../../src/version.ts";
import { underLock } from "./build-lock.ts";
import type { KitArch } from "./kit-arch.ts";
import { layOutBase } from "./kit-base.ts";
import { contentHash, kitFiles } from "./kit-files.ts";
import { nodeVersion } from "./node-program.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** What is made from this project's sources: where the build puts it, and where the kit has it. */
const PROGRAMS: Readonly<Record<string, string>> = {
  "container/runner.mjs": "runner.mjs",
  "container/gate.mjs": "gate.mjs",
};

export interface BuildKitOptions {
  readonly arch: KitArch;
  /** Holds `linux-<arch>/` for each architecture. Absent: `dist/kit`. */
  readonly out?: string;
  /** Lay out the base anew, with the packages that Debian has today. */
  readonly fresh?: boolean;
}

/**
 * Makes the kit's folder, or brings it up to date, and returns its path. The base (node, git, libraries, certificates) is laid
 * out once, in some ten seconds; after that only what the build made anew is copied. Any number of processes may ask at once.
 */
export async function buildKit({
  arch,
  out = join(root, "dist/kit"),
  fresh = false,
}: BuildKitOptions): Promise<string> {
  const folder = join(out, `linux-${arch}`);
  mkdirSync(out, { recursive: true });
  await underLock(`${folder}.lock`, async () => {
    const stamp = join(out, `linux-${arch}.json`);
    let base = readBase(stamp);
    if (fresh || base === undefined || base.recipe !== recipe() || !existsSync(folder)) {
      const scratch = mkdtempSync(join(tmpdir(), "slipway-kit-"));
      try {
        const fresh = join(scratch, "kit");
        mkdirSync(fresh);
        layOutBase(fresh, scratch, arch);
        rmSync(folder, { recursive: true, force: true });
        // A move between file systems is a copy that keeps links and modes.
        execFileSync("mv", [fresh, folder]);
      } finally {
        rmSync(scratch, { recursive: true, force: true });
      }
      base = { recipe: recipe(), content: contentHash(kitFiles(folder)) };
      writeFileSync(stamp, JSON.stringify(base));
    }
    const programs = copyPrograms(folder);
    describe(folder, arch, sha256(`${base.content}\n${programs.join("\n")}`));
  });
  return folder;
}

interface Base {
  /** Of the scripts and the version of node by which it was laid out. */
  readonly recipe: string;
  readonly content: string;
}

function readBase(stamp: string): Base | undefined {
  return existsSync(stamp) ? JSON.parse(readFileSync(stamp, "utf8")) : undefined;
}

function recipe(): string {
  const scripts = ["debian-packages", "kit-arch", "kit-base", "node-program", "sealed-programs"];
  const texts = scripts.map((name) => readFileSync(new URL(`${name}.ts`, import.meta.url)));
  return sha256(Buffer.concat([Buffer.from(nodeVersion()), ...texts]));
}

/** Gives a line for each file that tells its content. */
function copyPrograms(folder: string): readonly string[] {
  const dist = join(root, "dist");
  const actions = readdirSync(join(dist, "actions"), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name).slice(dist.length + 1));
  const wanted = new Map(actions.map((name) => [name, name]));
  for (const [from, to] of Object.entries(PROGRAMS)) {
    if (!existsSync(join(dist, from))) throw new Error(`dist/${from} is not there: npm run build`);
    wanted.set(from, to);
  }
  for (const name of readdirSync(folder, { recursive: true, encoding: "utf8" })) {
    const ofActions = name.startsWith("actions/") && /\.\w+$/.test(name);
    if (ofActions && !wanted.has(name)) rmSync(join(folder, name), { recursive: true });
  }
  return [...wanted].sort().map(([from, to]) => {
    const content = readFileSync(join(dist, from));
    replace(join(folder, to), content);
    return `${to} ${sha256(content)}`;
  });
}

/** Whole or not at all, and only where it differs: containers may have it open. */
function replace(path: string, content: Buffer): void {
  if (existsSync(path) && readFileSync(path).equals(content)) return;
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(`${path}.new`, content);
  chmodSync(`${path}.new`, 0o644);
  renameSync(`${path}.new`, path);
}

function describe(folder: string, arch: KitArch, content: string): void {
  const strings = (file: string, pattern: RegExp) =>
    pattern.exec(readFileSync(join(folder, file), "latin1"))?.[1] ?? "unknown";
  const path = join(folder, "kit.json");
  const before: Partial<KitDescription> = existsSync(path) ? JSON.parse(readFileSync(path, "utf8")) : {};
  if (before.content === content) return;
  const description: KitDescription = {
    version,
    arch,
    content,
    node: nodeVersion(),
    git: strings("bin/git", /\0(\d+\.\d+\.\d+)\0/),
    busybox: strings("bin/busybox", /BusyBox v(\d+\.\d+\.\d+)/),
    glibc: strings("lib/libc.so.6", /GNU C Library \([^)]*\) stable release version (\d+\.\d+)/),
  };
  replace(path, Buffer.from(`${JSON.stringify(description, undefined, 2)}\n`));
}
