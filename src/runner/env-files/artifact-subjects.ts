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
 */
export function declareArtifacts(
  _text: string,
  _declared: Map<string, ArtifactSubject>,
  _workspace: string,
): Promise<{ readonly added: readonly ArtifactSubject[]; readonly error?: string }> {
  throw new Error("not built yet");
}
