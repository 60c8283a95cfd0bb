import { execFileSync } from "node:child_process";
import { readFileSync, realpathSync } from "node:fs";
import type { LayerEntry } from "../../../src/executors/kit/layer-tar.ts";
import { findProgram } from "../parts/programs.ts";

/** A program of this machine and the libraries it asks for, each where it stands here. */
export function programWithLibraries(name: string): readonly LayerEntry[] {
  const program = findProgram(name, [`/usr/bin/${name}`, `/usr/sbin/${name}`]);
  if (program === undefined) throw new Error(`This machine has no ${name}.`);
  return [copied(realpathSync(program), `usr/bin/${name}`), ...libraries(program)];
}

/** What `ldd` finds for the program. */
export function libraries(program: string): readonly LayerEntry[] {
  const printed = execFileSync("ldd", [program], { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
  const paths = [...printed.matchAll(/(?:=> )?(\/\S+) \(0x/g)].map((match) => match[1] ?? "");
  return paths.map((path) => copied(path, path.slice(1)));
}

/** A file of this machine under a path of the image. */
export function copied(from: string, path: string): LayerEntry {
  return { path, type: "file", content: readFileSync(from), mode: 0o755 };
}
