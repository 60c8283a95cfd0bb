import { execFileSync } from "node:child_process";
import { mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { memoryIo } from "../memory-io.fixture.ts";
import { chooseBuild } from "./choose-build.ts";
import { chooseProject, comparable } from "./choose-project.ts";
import { Remote } from "./remote.ts";
import { scriptedServer } from "./scripted-server.fixture.ts";

let folder: string;
beforeEach(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), "slipway-choosing-")));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe("the project that is meant", () => {
  it.each([
    "git@git.example.org:acme/shop.git",
    "ssh://git@git.example.org/acme/shop",
    "https://git.example.org/acme/shop/",
    "https://user:secret@git.example.org/Acme/Shop.git",
  ])("is the same repository by %s", (address) => {
    expect(comparable(address)).toBe("git.example.org/acme/shop");
  });

  const projects = (count: number) =>
    Array.from({ length: count }, (_, index) => ({
      id: `id-${index}`,
      name: `acme/p${index}`,
      repositoryUrl: `https://git.example.org/acme/p${index}.git`,
    }));
  const choose = async (items: unknown[], named?: string, env: Record<string, string> = {}) => {
    const { address } = await scriptedServer(() => ({ items }));
    const io = memoryIo({ cwd: folder, env: { PATH: process.env.PATH ?? "", ...env } });
    return (await chooseProject(named, new Remote({ address, token: "x" }), io)).id;
  };

  it("is the one that is named, by its name in any case or its id", async () => {
    expect(await choose(projects(3), "Acme/P1")).toBe("id-1");
    expect(await choose(projects(3), "id-2")).toBe("id-2");
    expect(await choose(projects(3), undefined, { SLIPWAY_PROJECT: "acme/p0" })).toBe("id-0");
    await expect(choose(projects(3), "acme/p11")).rejects.toMatchObject({
      hint: expect.stringMatching(/Did you mean acme\/p1/),
    });
    await expect(choose(projects(2), "something")).rejects.toMatchObject({
      hint: "There are: acme/p0, acme/p1.",
    });
    await expect(choose([], "something")).rejects.toMatchObject({ hint: "There is none yet." });
  });

  it("is that of the current folder's remote, else the only one, else it is asked for", async () => {
    expect(await choose(projects(1))).toBe("id-0");
    await expect(choose(projects(2))).rejects.toThrow("Which project?");
    await expect(choose([])).rejects.toThrow("There is no project on");
    const git = (...args: string[]) => execFileSync("git", ["-C", folder, ...args]);
    git("init", "--quiet");
    git("remote", "add", "origin", "git@git.example.org:acme/p1.git");
    expect(await choose(projects(3))).toBe("id-1");
    expect(
      await choose([{ id: "by-path", name: "a", repositoryUrl: folder }, ...projects(2).slice(0, 1)]),
    ).toBe("by-path");
  });
});

describe("the build that is meant", () => {
  const project = { id: "p", name: "acme/shop", repositoryUrl: "" };
  const id = "01a1fec5-abbd-7000-8b0c-fc596f06c659";
  const choose = async (text: string | undefined, items: object[]) => {
    const { address, asked } = await scriptedServer(({ path }) => (path.endsWith(id) ? { id } : { items }));
    const build = await chooseBuild(text, project, new Remote({ address, token: "x" }));
    return [build, asked[0]?.path];
  };
  const attempts = [{ attempt: 1 }, { attempt: 3 }, { attempt: 2 }];

  it.each([
    ["12", attempts, { attempt: 3 }, "number=12"],
    ["#12", attempts, { attempt: 3 }, "number=12"],
    ["12.2", attempts, { attempt: 2 }, "number=12"],
    [undefined, [{ attempt: 9 }], { attempt: 9 }, "limit=1"],
    [id.toUpperCase(), [], { id }, id],
  ])("%s is found", async (text, items, build, query) => {
    const [found, path] = await choose(text, items);
    expect(found).toEqual(build);
    expect(path).toContain(query);
  });

  it.each([
    ["12", [], "acme/shop has no build 12."],
    ["12.7", attempts, "acme/shop has no build 12.7."],
    [undefined, [], "acme/shop has no build yet."],
    ["last", [], '"last" is neither the number nor the id of a build.'],
    ["1.2.3", [], '"1.2.3" is neither'],
  ])("%s is not", async (text, items, problem) => {
    await expect(choose(text, items)).rejects.toThrow(problem);
  });
});
