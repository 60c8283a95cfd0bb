import { KIT_ROOT } from "../../src/executors/kit/kit-layout.ts";
import { ARCHES, type KitArch } from "./kit-arch.ts";

/**
 * glibc's loader, made to look at nothing of an image: no cache or list of preloads, no folders of libraries but the rpath,
 * none of the `LD_…` variables. An image may set those for its own programs; a library made for another libc would end the
 * kit's. Only bytes of the same length are exchanged.
 */
export function sealedLoader(loader: Buffer, arch: KitArch): Buffer {
  const sealed = Buffer.from(loader);
  exchange(sealed, "/etc/ld.so.cache\0", absent("/etc/ld.so.cache"));
  exchange(sealed, "/etc/ld.so.preload\0", absent("/etc/ld.so.preload"));
  const folders = [
    `/lib/${ARCHES[arch].triplet}/`,
    `/usr/lib/${ARCHES[arch].triplet}/`,
    "/lib/",
    "/usr/lib/",
  ];
  exchange(sealed, `${folders.join("\0")}\0`, folders.map((folder) => absent(folder)).join(""));
  ignoreVariables(sealed, arch);
  return sealed;
}

/** The kit's libc, which asks no image how names are to be looked up: plugins for that would be the image's libraries. */
export function sealedLibc(libc: Buffer): Buffer {
  const sealed = Buffer.from(libc);
  exchange(sealed, "/etc/nsswitch.conf\0", `${NAME_SERVICES}\0\0`);
  return sealed;
}

/** git, made to look for its shell beside its own programs (`GIT_EXEC_PATH` goes before the PATH); an image may have none. */
export function gitWithKitShell(git: Buffer): Buffer {
  const changed = Buffer.from(git);
  exchange(changed, "\0/bin/sh\0", "\0sh".padEnd(9, "\0"));
  return changed;
}

/** Where `sealedLibc` looks. */
export const NAME_SERVICES = `${KIT_ROOT}/nss.conf`;

/** A path of the same length that is not there, ended by a zero. */
function absent(path: string): string {
  return path.endsWith("/")
    ? `${`/${"-".repeat(path.length - 2)}`}/\0`
    : `${KIT_ROOT}/`.padEnd(path.length, "-").concat("\0");
}

function exchange(bytes: Buffer, from: string, to: string): void {
  if (from.length !== to.length) throw new Error(`${to} is not as long as ${from}`);
  let at = bytes.indexOf(from, 0, "latin1");
  if (at < 0) throw new Error(`This glibc holds no ${JSON.stringify(from)}: is it another version?`);
  for (; at >= 0; at = bytes.indexOf(from, at + 1, "latin1")) bytes.write(to, at, "latin1");
}

/**
 * `_dl_next_ld_env_entry` compares the first bytes of each variable with `L`, `D` and `_`, one after the other; the `L`
 * becomes a byte that no name starts with.
 */
function ignoreVariables(bytes: Buffer, arch: KitArch): void {
  const places = arch === "x64" ? comparisonsOnX64(bytes) : comparisonsOnArm64(bytes);
  const [place] = places;
  if (place === undefined || places.length > 1) {
    throw new Error(
      `glibc's loader compares with "LD_" in ${places.length} places, not in one: is it another version?`,
    );
  }
  if (arch === "x64") bytes[place + 2] = 1;
  else bytes.writeUInt32LE((bytes.readUInt32LE(place) & ~IMMEDIATE) | (1 << 10), place);
}

/** `cmpb $'L',(%rax)`, a short jump, `cmpb $'D',1(%rax)`, a short jump, `cmpb $'_',2(%rax)`. */
function comparisonsOnX64(bytes: Buffer): readonly number[] {
  const first = Buffer.from([0x80, 0x38, 0x4c]);
  const places: number[] = [];
  for (let at = bytes.indexOf(first); at >= 0; at = bytes.indexOf(first, at + 1)) {
    const after = bytes.subarray(at, at + 24);
    const second = after.indexOf(Buffer.from([0x80, 0x78, 0x01, 0x44]));
    const third = after.indexOf(Buffer.from([0x80, 0x78, 0x02, 0x5f]));
    if (second > 0 && third > second) places.push(at);
  }
  return places;
}

/** The twelve bits of a comparison's constant. */
const IMMEDIATE = 0xfff << 10;

/** `cmp wN, #'L'`, and within a few instructions the same with `D` and `_`. */
function comparisonsOnArm64(bytes: Buffer): readonly number[] {
  const compares = (at: number, letter: string): boolean =>
    at + 4 <= bytes.length &&
    (bytes.readUInt32LE(at) & ~(0x1f << 5)) >>> 0 === (0x7100001f | (letter.charCodeAt(0) << 10)) >>> 0;
  const within = (start: number, letter: string): number | undefined =>
    [1, 2, 3, 4, 5].map((step) => start + 4 * step).find((at) => compares(at, letter));
  const places: number[] = [];
  for (let at = 0; at + 4 <= bytes.length; at += 4) {
    if (!compares(at, "L")) continue;
    const second = within(at, "D");
    if (second !== undefined && within(second, "_") !== undefined) places.push(at);
  }
  return places;
}
