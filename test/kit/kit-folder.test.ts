// The kit as a folder: for each architecture whole in itself, and made anew only where something changed.
import { cpSync, lstatSync, readdirSync, readFileSync, readlinkSync, statSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, it } from "vitest";
import { buildKit } from "../../scripts/kit/build-kit-folder.ts";
import { contentHash, kitFiles } from "../../scripts/kit/kit-files.ts";
import { readKitDescription } from "../../src/executors/kit/kit-description.ts";
import { KIT, KIT_ROOT } from "../../src/executors/kit/kit-layout.ts";
import { Sandbox } from "../support/slipway.ts";
import { readElf } from "./elf-file.ts";

const dist = fileURLToPath(new URL("../../dist", import.meta.url));

describe.each(["x64", "arm64"] as const)("the kit for %s", (arch) => {
  let folder: string;
  let names: readonly string[];
  const inKit = (path: string) => join(folder, path.slice(KIT_ROOT.length));
  beforeAll(async () => {
    folder = await buildKit({ arch });
    names = readdirSync(folder, { recursive: true, encoding: "utf8" });
  }, 240_000);

  it("has all that its layout names", () => {
    for (const path of Object.values(KIT)) expect(() => statSync(inKit(path)), path).not.toThrow();
  });

  it("says what is in it", async () => {
    expect(await readKitDescription(folder)).toEqual({
      version: expect.stringMatching(/^\d+\.\d+\.\d+/),
      arch,
      content: expect.any(String),
      node: expect.stringMatching(/^24\.\d+\.\d+$/),
      git: expect.stringMatching(/^2\.\d+\.\d+$/),
      busybox: expect.stringMatching(/^1\.\d+\.\d+$/),
      glibc: expect.stringMatching(/^2\.\d+$/),
    });
  });

  it("has only programs of its architecture, which look for their loader and libraries in it and find all of them", () => {
    const programs = names.filter((name) => lstatSync(join(folder, name)).isFile());
    const elves = programs.flatMap((name) => {
      const elf = readElf(join(folder, name));
      return elf === undefined ? [] : [{ name, ...elf }];
    });
    const named = (name: string) => elves.find((elf) => elf.name === name);
    const loader = `${KIT_ROOT}/lib/${arch === "x64" ? "ld-linux-x86-64.so.2" : "ld-linux-aarch64.so.1"}`;
    for (const name of ["bin/node", "bin/git", "libexec/git-core/git-remote-http"]) {
      expect(named(name), name).toMatchObject({ interpreter: loader, rpath: `${KIT_ROOT}/lib` });
    }
    for (const name of ["bin/busybox", "bin/init"])
      expect(named(name), name).toMatchObject({ interpreter: undefined, needed: [] });
    expect(elves.length).toBeGreaterThan(20);
    for (const { name, machine, needed, rpath } of elves) {
      expect(machine, name).toBe(arch);
      for (const library of needed) expect(names, `${name} needs ${library}`).toContain(`lib/${library}`);
      const isGlibc = /\/(libc\.so|ld-linux)/.test(name);
      if (needed.length > 0 && !isGlibc) expect(rpath, name).toBe(`${KIT_ROOT}/lib`);
    }
  });

  it("has no link that leads out of it, and no name of a folder that an image would have to have", () => {
    for (const name of names.filter((name) => lstatSync(join(folder, name)).isSymbolicLink())) {
      const target = resolve(dirname(join(folder, name)), readlinkSync(join(folder, name)));
      expect(target.startsWith(`${folder}/`), `${name} leads to ${target}`).toBe(true);
      expect(() => statSync(target), name).not.toThrow();
    }
    const loader = readFileSync(
      inKit(`${KIT_ROOT}/lib/${arch === "x64" ? "ld-linux-x86-64.so.2" : "ld-linux-aarch64.so.1"}`),
    );
    for (const path of ["/etc/ld.so.cache", "/etc/ld.so.preload", "/usr/lib/"])
      expect(loader.includes(`${path}\0`), path).toBe(false);
    const scripts = readdirSync(inKit(KIT.gitExecPath)).map((name) =>
      readFileSync(join(inKit(KIT.gitExecPath), name), "latin1"),
    );
    for (const text of scripts.filter((text) => text.startsWith("#!")))
      expect(text).toMatch(/^#!\/slipway\/shell\/sh/);
  });

  it("is small", () => {
    const bytes = names.reduce((sum, name) => sum + lstatSync(join(folder, name)).size, 0);
    expect(bytes).toBeLessThan(180e6);
  });
});

describe("making the kit again", () => {
  const arch = process.arch === "arm64" ? "arm64" : "x64";

  it("changes nothing and takes no time", async () => {
    const folder = await buildKit({ arch });
    const times = () => kitFiles(folder).map(({ path }) => lstatSync(join(folder, path)).mtimeMs);
    const before = { times: times(), hash: contentHash(kitFiles(folder)) };
    const started = performance.now();
    await Promise.all([buildKit({ arch }), buildKit({ arch })]);
    expect(performance.now() - started).toBeLessThan(5000);
    expect({ times: times(), hash: contentHash(kitFiles(folder)) }).toEqual(before);
  });

  it("takes a program that was built anew, by another name of the whole, and leaves the rest", async () => {
    using sandbox = new Sandbox();
    const original = await buildKit({ arch });
    cpSync(join(dist, "kit"), sandbox.join("kit"), { recursive: true, verbatimSymlinks: true });
    const folder = sandbox.join("kit", `linux-${arch}`);
    writeFileSync(join(folder, "runner.mjs"), "// an older one\n");
    writeFileSync(join(folder, "actions/gone.mjs"), "// of a build before\n");
    const [node] = [lstatSync(join(folder, "bin/node")).ino];
    expect(await buildKit({ arch, out: sandbox.join("kit") })).toBe(folder);
    expect(readFileSync(join(folder, "runner.mjs"), "utf8")).toBe(
      readFileSync(join(dist, "container/runner.mjs"), "utf8"),
    );
    expect(readdirSync(join(folder, "actions"))).not.toContain("gone.mjs");
    expect(lstatSync(join(folder, "bin/node")).ino).toBe(node);
    expect((await readKitDescription(folder)).content).toBe((await readKitDescription(original)).content);
  });
});
