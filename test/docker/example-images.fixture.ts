// Images with what the example projects need, of this machine's own programs.
import { execFileSync } from "node:child_process";
import { existsSync, realpathSync } from "node:fs";
import { join, normalize } from "node:path";
import type Docker from "dockerode";
import type { LayerEntry } from "../../src/executors/kit/layer-tar.ts";
import { loadImage } from "../support/images/load-image.ts";
import { copied, libraries, programWithLibraries } from "../support/images/machine-files.ts";
import { findProgram, installPackages } from "../support/parts/programs.ts";

const COMPILER = "/usr/bin/gcc";
const ENV = { PATH: "/usr/local/bin:/usr/bin:/bin" };

/** Bash, coreutils, curl and Node, as an official image of Node has them. */
export async function nodeImage(client: Docker): Promise<string> {
  const node = realpathSync(process.execPath);
  const files = [copied(node, "usr/local/bin/node"), ...libraries(node), ...programWithLibraries("curl")];
  return await loadImage(client, "glibc", { env: { ...ENV, IMAGE_NAME: "node" }, files });
}

/** Bash, coreutils, make and a C compiler with what programs of these sources include and are linked with. */
export async function compilerImage(client: Docker, sources: readonly string[]): Promise<string> {
  if (findProgram("gcc", [COMPILER]) === undefined || findProgram("make", ["/usr/bin/make"]) === undefined)
    installPackages(["gcc", "libc6-dev", "make"]);
  const gcc = (...args: string[]) => execFileSync(COMPILER, args, { encoding: "utf8" }).trim();
  const headers = ["-O0", "-O2"].flatMap(
    (level) => gcc("-M", "-std=c11", level, ...sources).match(/\/\S+\.h/g) ?? [],
  );
  const linked = gcc("-Wl,-t", "-o", "/dev/null", ...sources)
    .split("\n")
    .filter((line) => line.startsWith("/") && existsSync(line) && !line.startsWith("/tmp/"));
  const more = ["libc.so", "libc_nonshared.a", "libgcc.a", "libgcc_s.so", "libgcc_s.so.1", "liblto_plugin.so"]
    .map((name) => gcc(`-print-file-name=${name}`))
    .filter((path) => path.startsWith("/"));
  const inner = ["cc1", "collect2"].map((name) => gcc(`-print-prog-name=${name}`));
  const paths = [...headers, ...linked, ...more, ...inner].map((path) => normalize(path));
  const programs = ["gcc", "as", "ld", "make", "du"].flatMap(programWithLibraries);
  const files: LayerEntry[] = [
    ...programs,
    ...inner.flatMap(libraries),
    { path: "usr/bin/cc", type: "link", target: "gcc" },
    ...[...new Set(paths)].map((path) => copied(realpathSync(path), path.slice(1))),
  ];
  return await loadImage(client, "glibc", { env: { ...ENV, IMAGE_NAME: "compiler" }, files });
}

/** What `.platform.yaml` of the example calls `alpine:3`: busybox under that name. */
export async function namedImage(client: Docker, reference: string): Promise<string> {
  return await loadImage(client, "busybox", { reference });
}

export function sourcesOf(example: string): readonly string[] {
  return ["main.c", "count.c"].map((name) => join(example, "src", name));
}
