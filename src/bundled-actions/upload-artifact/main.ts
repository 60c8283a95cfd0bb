import artifact, { ArtifactNotFoundError, type UploadArtifactOptions } from "@actions/artifact";
import * as core from "@actions/core";
import { findFiles } from "./find-files.ts";

const WHEN_NONE = {
  warn: core.warning,
  error: core.setFailed,
  ignore: core.info,
} as const;

function whenNone(): (message: string) => void {
  const wanted = core.getInput("if-no-files-found");
  const known = Object.entries(WHEN_NONE).find(([name]) => name === wanted);
  if (known === undefined) {
    throw new Error(`if-no-files-found is '${wanted}'; it is one of ${Object.keys(WHEN_NONE).join(", ")}`);
  }
  return known[1];
}

function wholeNumber(input: string, min: number, max: number): number | undefined {
  const text = core.getInput(input);
  if (text === "") return undefined;
  const value = Number(text);
  if (!Number.isInteger(value) || value < min || value > max) {
    throw new Error(`${input} is '${text}'; it is a whole number from ${min} to ${max}`);
  }
  return value;
}

async function deleteEarlier(name: string): Promise<void> {
  try {
    await artifact.deleteArtifact(name);
  } catch (error) {
    if (!(error instanceof ArtifactNotFoundError)) throw error;
  }
}

async function main(): Promise<void> {
  const path = core.getInput("path", { required: true });
  const sayNone = whenNone();
  const archive = core.getBooleanInput("archive");
  const retentionDays = wholeNumber("retention-days", 0, 400);
  const compressionLevel = wholeNumber("compression-level", 0, 9);

  const { files, root } = await findFiles(path, core.getBooleanInput("include-hidden-files"));
  if (files.length === 0) {
    sayNone(`No files were found with the provided path: ${path}. No artifacts will be uploaded.`);
    return;
  }
  if (!archive && files.length > 1) {
    throw new Error(`Without archive a single file can be kept, but the path matches ${files.length} files`);
  }
  const name = core.getInput("name");
  if (core.getBooleanInput("overwrite")) await deleteEarlier(name);
  const options: UploadArtifactOptions = {
    ...(retentionDays ? { retentionDays } : {}),
    ...(compressionLevel === undefined ? {} : { compressionLevel }),
    ...(archive ? {} : { skipArchive: true }),
  };
  const kept = await artifact.uploadArtifact(name, files, root, options);
  core.info(
    `Artifact ${name}: ${files.length} file${files.length === 1 ? "" : "s"}, ${kept.size ?? 0} bytes`,
  );
  core.setOutput("artifact-id", kept.id);
  core.setOutput("artifact-digest", kept.digest);
  const { GITHUB_SERVER_URL, GITHUB_REPOSITORY, GITHUB_RUN_ID } = process.env;
  core.setOutput(
    "artifact-url",
    `${GITHUB_SERVER_URL}/${GITHUB_REPOSITORY}/actions/runs/${GITHUB_RUN_ID}/artifacts/${kept.id}`,
  );
}

// A part of the zip library still makes buffers the old way; nobody who reads the log can do anything about it.
process.noDeprecation = true;
main().catch((error: unknown) => core.setFailed(error instanceof Error ? error.message : String(error)));
