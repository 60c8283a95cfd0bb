import { createHash } from "node:crypto";
import { createReadStream, statSync } from "node:fs";
import { basename, isAbsolute, resolve } from "node:path";
import { pipeline } from "node:stream/promises";

const MOST_SUBJECTS = 500;
const HEX_LENGTHS: { readonly [algorithm: string]: number } = { sha256: 64, sha384: 96, sha512: 128 };
const DIGEST_SUFFIX = /^(.+)@(sha(?:256|384|512)):([0-9a-fA-F]+)$/;

/** Something a step says it made: a file, or an image in a registry. */
export interface ArtifactSubject {
  readonly name: string;
  /** `sha256:…` in lower-case hex; for `oci` also `sha384:` and `sha512:`. */
  readonly digest: string;
  readonly kind: "file" | "oci";
}

/**
 * Reads the text of a `GITHUB_ARTIFACTS` file and adds what it declares to `declared` (by name; the job's, at most
 * 500), hashing files. Either all of the text is added, or nothing and `error` says why (the step then fails).
 *
 * A line is a file (`path` or `file://path`, relative to the workspace) or an image (`name@sha256:…` or
 * `oci://name@sha256:…`); empty lines and those that begin with "#" are skipped.
 */
export async function declareArtifacts(
  text: string,
  declared: Map<string, ArtifactSubject>,
  workspace: string,
): Promise<{ readonly added: readonly ArtifactSubject[]; readonly error?: string }> {
  const added = new Map<string, ArtifactSubject>();
  for (const [index, line] of text.split(/\r\n|\r|\n/).entries()) {
    const entry = line.trim();
    if (entry === "" || entry.startsWith("#")) continue;
    try {
      const subject = await readEntry(entry, workspace);
      const known = declared.get(subject.name) ?? added.get(subject.name);
      if (known?.digest === subject.digest) continue;
      if (known !== undefined) {
        throw new Error(
          `Conflicting digest for artifact '${subject.name}': previously declared as '${known.digest}', now declared as '${subject.digest}'.`,
        );
      }
      if (declared.size + added.size >= MOST_SUBJECTS) {
        throw new Error(`The job has exceeded the maximum of ${MOST_SUBJECTS} declared artifacts.`);
      }
      added.set(subject.name, subject);
    } catch (error) {
      return {
        added: [],
        error: `Invalid $GITHUB_ARTIFACTS entry on line ${index + 1}: ${(error as Error).message}`,
      };
    }
  }
  for (const [name, subject] of added) declared.set(name, subject);
  return { added: [...added.values()] };
}

function readEntry(entry: string, workspace: string): ArtifactSubject | Promise<ArtifactSubject> {
  if (entry.includes("=")) throw new Error("entries containing '=' are reserved and not permitted");
  const [, scheme, rest = ""] = /^([A-Za-z][A-Za-z0-9+.-]*):\/\/(.*)$/.exec(entry) ?? [];
  switch (scheme?.toLowerCase()) {
    case "file":
      if (rest.trim() === "") throw new Error("file:// entries must include a path");
      return fileSubject(rest, workspace);
    case "oci": {
      const image = DIGEST_SUFFIX.exec(rest);
      if (image === null) throw new Error("oci:// entries must include an @sha{256,384,512}:<hex> digest");
      return imageSubject(image);
    }
    case undefined: {
      const image = DIGEST_SUFFIX.exec(entry);
      const isImage = image !== null && image[3]?.length === HEX_LENGTHS[image[2] ?? ""];
      return isImage ? imageSubject(image) : fileSubject(entry, workspace);
    }
    default:
      throw new Error("unsupported URI scheme");
  }
}

function imageSubject([, name = "", algorithm = "", hex = ""]: RegExpExecArray): ArtifactSubject {
  if (hex.length !== HEX_LENGTHS[algorithm]) {
    throw new Error(
      `digest '${algorithm}' must be ${HEX_LENGTHS[algorithm]} hex characters, got ${hex.length}`,
    );
  }
  return { name, digest: `${algorithm}:${hex.toLowerCase()}`, kind: "oci" };
}

async function fileSubject(path: string, workspace: string): Promise<ArtifactSubject> {
  const full = resolve(workspace, path);
  const stat = statSync(full, { throwIfNoEntry: false });
  if (stat === undefined) {
    const where = isAbsolute(path)
      ? ""
      : ` (relative paths are resolved against the workspace root '${workspace}')`;
    throw new Error(`file '${path}' does not exist${where}`);
  }
  if (stat.isDirectory()) throw new Error(`'${path}' is a directory, not a regular file`);
  // A named pipe would be waited for until someone writes to it.
  if (!stat.isFile()) throw new Error(`'${path}' is not a regular file`);
  const hash = createHash("sha256");
  await pipeline(createReadStream(full), hash);
  return { name: basename(full), digest: `sha256:${hash.digest("hex")}`, kind: "file" };
}
