import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ImageConfig } from "../../../src/executors/kit/docker-archive.ts";
import type { LayerEntry } from "../../../src/executors/kit/layer-tar.ts";
import { findProgram, installPackages } from "../parts/programs.ts";
import { copied, libraries, programWithLibraries } from "./machine-files.ts";
import { probe } from "./probe.ts";

/**
 * - `busybox`: one static program and its hundreds of names, `sh` among them; as root.
 * - `glibc`: bash, coreutils, sed and grep with glibc; a locale, a PATH and a HOME of its own.
 * - `musl`: busybox, and `probe` linked to musl's loader; nothing of glibc.
 * - `distroless`: `probe` with glibc; no shell; as user 65532.
 * - `scratch`: `/probe`, static, and nothing else: no folder, no `/etc/passwd`, no `/tmp`.
 */
export type BaseImage = "busybox" | "glibc" | "musl" | "distroless" | "scratch";

export interface Base {
  readonly files: readonly LayerEntry[];
  readonly config: ImageConfig;
}

const STANDARD_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

export const BASES: { readonly [B in BaseImage]: () => Base } = {
  busybox: () => ({
    files: [...SYSTEM_FILES, ...busybox()],
    config: { env: { PATH: STANDARD_PATH, IMAGE_NAME: "busybox" }, cmd: ["sh"] },
  }),
  glibc: () => ({
    files: [
      ...SYSTEM_FILES,
      { path: "bin", type: "link", target: "usr/bin" },
      { path: "usr/bin/sh", type: "link", target: "bash" },
      ...GNU_PROGRAMS.flatMap(programWithLibraries),
      { path: "home/builder", type: "directory", mode: 0o777 },
      {
        path: "opt/tools/bin/tool-of-image",
        type: "file",
        content: "#!/bin/bash\necho tool of the image\n",
        mode: 0o755,
      },
    ],
    config: {
      env: {
        PATH: "/opt/tools/bin:/usr/local/bin:/usr/bin:/bin",
        LANG: "C.UTF-8",
        LC_TIME: "POSIX",
        HOME: "/home/builder",
        IMAGE_NAME: "glibc",
      },
      cmd: ["bash"],
    },
  }),
  musl: () => {
    const program = probe("musl");
    const loader = `ld-musl-${MACHINE}.so.1`;
    return {
      files: [
        ...SYSTEM_FILES,
        ...busybox(),
        { path: "usr/bin/probe", type: "file", content: program, mode: 0o755 },
        copied(`/lib/${loader}`, `lib/${loader}`),
      ],
      config: { env: { PATH: STANDARD_PATH, IMAGE_NAME: "musl" }, cmd: ["/bin/sh"] },
    };
  },
  distroless: () => {
    const program = probe("glibc");
    return {
      files: [
        ...SYSTEM_FILES,
        { path: "app/probe", type: "file", content: program, mode: 0o755 },
        { path: "home/nonroot", type: "directory", uid: 65532, gid: 65532, mode: 0o700 },
        ...asFile(program, libraries),
      ],
      config: {
        env: { PATH: "/app", HOME: "/home/nonroot", IMAGE_NAME: "distroless" },
        user: "65532",
        entrypoint: ["/app/probe"],
      },
    };
  },
  scratch: () => ({
    files: [{ path: "probe", type: "file", content: probe("static"), mode: 0o755 }],
    config: { entrypoint: ["/probe"] },
  }),
};

const MACHINE = process.arch === "arm64" ? "aarch64" : "x86_64";

const SYSTEM_FILES: readonly LayerEntry[] = [
  {
    path: "etc/passwd",
    type: "file",
    content:
      "root:x:0:0:root:/root:/bin/sh\nbuilder:x:1001:1001::/home/builder:/bin/sh\nnonroot:x:65532:65532::/home/nonroot:/none\n",
  },
  { path: "etc/group", type: "file", content: "root:x:0:\nbuilder:x:1001:\nnonroot:x:65532:\n" },
  { path: "root", type: "directory", mode: 0o700 },
  { path: "tmp", type: "directory", mode: 0o1777 },
];

const GNU_PROGRAMS = [
  ..."bash basename cat chmod chown cp cut date dd dirname env expr false head id install ln ls".split(" "),
  ..."mkdir mkfifo mktemp mv nproc od paste printenv printf pwd readlink realpath rm rmdir seq".split(" "),
  ..."sha256sum sleep sort stat stty tail tee test timeout touch tr true tty uname uniq wc whoami".split(" "),
  ..."yes sed grep".split(" "),
];

function busybox(): readonly LayerEntry[] {
  const places = ["/bin/busybox", "/usr/bin/busybox"];
  if (findProgram("busybox", places) === undefined) installPackages(["busybox-static"]);
  const program = findProgram("busybox", places);
  if (program === undefined) throw new Error("busybox-static is installed, but busybox is not to be found.");
  if (execFileSync("head", ["-c", "4096", program], { encoding: "latin1" }).includes("ld-linux")) {
    throw new Error(`${program} is not static: install busybox-static.`);
  }
  const names = execFileSync(program, ["--list"], { encoding: "utf8" }).trim().split("\n");
  return [
    copied(program, "bin/busybox"),
    ...names
      .filter((name) => name !== "busybox")
      .map((name): LayerEntry => ({ path: `bin/${name}`, type: "link", target: "busybox" })),
  ];
}

function asFile<T>(content: Buffer, use: (path: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), "slipway-image-"));
  try {
    const path = join(folder, "program");
    writeFileSync(path, content, { mode: 0o755 });
    return use(path);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
