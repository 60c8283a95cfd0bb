// The example projects, unchanged, in containers.
import { cpSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { testDocker } from "../support/docker.ts";
import { git } from "../support/git.ts";
import { compilerImage, namedImage, nodeImage, sourcesOf } from "./example-images.fixture.ts";
import { RunStage, type StageRun, saidOf } from "./run-stage.fixture.ts";

const { client } = await testDocker();
const examples = fileURLToPath(new URL("../../examples", import.meta.url));

async function runExample(
  name: string,
  args: readonly string[],
): Promise<{
  readonly ran: StageRun;
  readonly artifacts: readonly string[];
  readonly left: readonly string[];
}> {
  using stage = await RunStage.open("");
  rmSync(join(stage.repository, ".github"), { recursive: true });
  cpSync(join(examples, name), stage.repository, {
    recursive: true,
    filter: (path) => !/\/(dist|build|site)$/.test(path),
  });
  git(stage.repository, "add", "--all");
  git(stage.repository, "commit", "--quiet", "--message=The example");
  const store = stage.box.join("artifacts");
  const ran = await stage.run(["--artifact-server-path", store, ...args]);
  expect(ran.code, saidOf(ran)).toBe(0);
  expect(git(stage.repository, "status", "--porcelain"), "the work tree is left as it was").toBe("");
  const artifacts = readdirSync(store)
    .filter((entry) => !entry.startsWith("."))
    .flatMap((run) => readdirSync(join(store, run)));
  return { ran, artifacts, left: await stage.leftovers(ran) };
}

/** Images of hundreds of megabytes are made and loaded. */
const LIMIT_MS = 240_000;

const results = ({ build }: StageRun) =>
  build.jobs.filter(({ kind }) => kind === "job").map(({ result }) => result);

describe("the example projects in containers", () => {
  it(
    "node-service, in an image with Node",
    async () => {
      const image = await nodeImage(client);
      const { ran, artifacts, left } = await runExample("node-service", ["-P", `ubuntu-latest=${image}`]);
      expect(new Set(results(ran)), saidOf(ran)).toEqual(new Set(["success"]));
      expect(results(ran).length).toBeGreaterThan(5);
      expect(artifacts).toContain("link-service");
      expect(left).toEqual([]);
    },
    LIMIT_MS,
  );

  it(
    "c-wordcount, in an image with a compiler",
    async () => {
      const image = await compilerImage(client, sourcesOf(join(examples, "c-wordcount")));
      const { ran, artifacts, left } = await runExample("c-wordcount", ["-P", `ubuntu-latest=${image}`]);
      expect(results(ran), saidOf(ran)).toEqual(["success", "success"]);
      expect(artifacts).toContain("wordcount");
      expect(left).toEqual([]);
    },
    LIMIT_MS,
  );

  it(
    "platform-site, in the image that its steps name",
    async () => {
      const image = await namedImage(client, "alpine:3");
      const { ran, artifacts, left } = await runExample("platform-site", ["-P", `self-hosted=${image}`]);
      expect(results(ran), saidOf(ran)).toEqual(["success", "success", "success"]);
      expect(artifacts).toContain("site");
      expect(ran.build.warnings).toEqual([]);
      expect(left).toEqual([]);
    },
    LIMIT_MS,
  );
});
