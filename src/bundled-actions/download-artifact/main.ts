import { homedir } from "node:os";
import { join, matchesGlob, resolve } from "node:path";
import artifact, { type Artifact } from "@actions/artifact";
import * as core from "@actions/core";

const ON_MISMATCH = {
  ignore: () => {},
  info: core.info,
  warn: core.warning,
  error: (message: string): void => {
    throw new Error(message);
  },
} as const;

async function chosen(): Promise<Artifact[]> {
  const name = core.getInput("name");
  const ids = core.getInput("artifact-ids");
  const pattern = core.getInput("pattern");
  if (name !== "" && ids !== "") throw new Error("name and artifact-ids cannot be used together");
  if (name !== "") return [(await artifact.getArtifact(name)).artifact];

  const { artifacts } = await artifact.listArtifacts({ latest: true });
  if (ids !== "") {
    const wanted = ids
      .split(",")
      .map((id) => id.trim())
      .filter(Boolean);
    const missing = wanted.filter((id) => !artifacts.some((each) => String(each.id) === id));
    if (missing.length > 0) throw new Error(`No artifact of this build has the number ${missing.join(", ")}`);
    return artifacts.filter(({ id }) => wanted.includes(String(id)));
  }
  return pattern === "" ? artifacts : artifacts.filter((each) => matchesGlob(each.name, pattern));
}

async function main(): Promise<void> {
  const behaviour = core.getInput("digest-mismatch");
  const onMismatch = Object.entries(ON_MISMATCH).find(([name]) => name === behaviour)?.[1];
  if (onMismatch === undefined) {
    throw new Error(`digest-mismatch is '${behaviour}'; it is one of ${Object.keys(ON_MISMATCH).join(", ")}`);
  }
  if (core.getInput("github-token") !== "") {
    throw new Error(
      "github-token is not supported by the bundled action: it brings artifacts of this build only",
    );
  }
  const path = core.getInput("path") || (process.env.GITHUB_WORKSPACE ?? ".");
  const folder = resolve(path.replace(/^~(?=\/|$)/, homedir()));
  const artifacts = await chosen();
  const together = core.getBooleanInput("merge-multiple") || artifacts.length === 1;
  for (const each of artifacts) {
    const target = together ? folder : join(folder, each.name);
    const { digestMismatch } = await artifact.downloadArtifact(each.id, {
      path: target,
      skipDecompress: core.getBooleanInput("skip-decompress"),
      ...(each.digest === undefined ? {} : { expectedHash: each.digest }),
    });
    if (digestMismatch)
      onMismatch(`What came of artifact ${each.name} is not what was kept: its digest differs`);
    core.info(`Artifact ${each.name} (${each.size} bytes) is in ${target}`);
  }
  core.info(`${artifacts.length} artifact${artifacts.length === 1 ? "" : "s"} downloaded`);
  core.setOutput("download-path", folder);
}

// A part of the zip library still makes buffers the old way; nobody who reads the log can do anything about it.
process.noDeprecation = true;
main().catch((error: unknown) => core.setFailed(error instanceof Error ? error.message : String(error)));
