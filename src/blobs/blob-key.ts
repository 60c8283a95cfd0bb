import { ExecError } from "../errors.ts";

const MAX_KEY_BYTES = 1024;

/** The segments of a key; throws `InvalidSpec` where it breaks the rules of `BlobStore`. */
export function blobKeySegments(key: string): readonly string[] {
  const problem = keyProblem(key);
  if (problem !== undefined) {
    throw new ExecError("InvalidSpec", `${problem}: ${JSON.stringify(key.slice(0, 200))}`);
  }
  return key.split("/");
}

function keyProblem(key: string): string | undefined {
  if (key.includes("\0")) return "a blob key holds no NUL";
  if (!key.isWellFormed()) return "a blob key is well-formed Unicode";
  if (Buffer.byteLength(key) > MAX_KEY_BYTES) return `a blob key has at most ${MAX_KEY_BYTES} bytes`;
  for (const segment of key.split("/")) {
    if (segment === "") return "a blob key has no empty segment";
    if (segment === "." || segment === "..") return "a blob key has no segment . or ..";
  }
  return undefined;
}
