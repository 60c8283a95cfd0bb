import { execFileSync } from "node:child_process";
import { closeSync, openSync, readSync } from "node:fs";

export interface ElfFile {
  readonly machine: "x64" | "arm64" | number;
  /** Absent: static, or a library. */
  readonly interpreter: string | undefined;
  readonly needed: readonly string[];
  /** Of either kind. */
  readonly rpath: string;
}

const MACHINES: Readonly<Record<number, "x64" | "arm64">> = { 62: "x64", 183: "arm64" };

/** What the headers of a program or library say; undefined for other files. */
export function readElf(path: string): ElfFile | undefined {
  const header = Buffer.alloc(20);
  const file = openSync(path, "r");
  readSync(file, header, 0, 20, 0);
  closeSync(file);
  if (header.toString("latin1", 0, 4) !== "\x7fELF") return undefined;
  const number = header.readUInt16LE(18);
  return {
    machine: MACHINES[number] ?? number,
    interpreter: said(path, "--print-interpreter"),
    needed: (said(path, "--print-needed") ?? "").split("\n").filter(Boolean),
    rpath: said(path, "--print-rpath") ?? "",
  };
}

function said(path: string, question: string): string | undefined {
  try {
    const printed = execFileSync("patchelf", [question, path], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    });
    return printed.trim() || undefined;
  } catch {
    // A static program has no such part.
    return undefined;
  }
}
