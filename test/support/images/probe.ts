import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { findProgram, installPackages } from "../parts/programs.ts";

const SOURCE = fileURLToPath(new URL("probe.c", import.meta.url));

/** How it finds its libc: the machine's glibc, musl, or none. */
export type ProbeLinkage = "glibc" | "musl" | "static";

const COMPILERS: { readonly [L in ProbeLinkage]: readonly [program: string, ...flags: string[]] } = {
  glibc: ["gcc"],
  musl: ["musl-gcc"],
  static: ["musl-gcc", "-static"],
};
const made = new Map<ProbeLinkage, Buffer>();

/** The program of `probe.c`, compiled once a process. */
export function probe(linkage: ProbeLinkage): Buffer {
  const before = made.get(linkage);
  if (before !== undefined) return before;
  const [compiler, ...flags] = COMPILERS[linkage];
  if (findProgram(compiler) === undefined) installPackages(["gcc", "libc6-dev", "musl-tools"]);
  const folder = mkdtempSync(join(tmpdir(), "slipway-probe-"));
  try {
    const output = join(folder, "probe");
    // `--build-id=none`, and names without folders: the same bytes on every run.
    execFileSync(compiler, [...flags, "-O2", "-s", "-Wl,--build-id=none", "-o", output, SOURCE]);
    const program = readFileSync(output);
    made.set(linkage, program);
    return program;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
