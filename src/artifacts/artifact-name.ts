import { ExecError } from "../errors.ts";

/** GitHub's own list: what some common file system does not take. */
const REFUSED = new Map([
  ['"', 'double quote "'],
  [":", "colon :"],
  ["<", "less than <"],
  [">", "greater than >"],
  ["|", "vertical bar |"],
  ["*", "asterisk *"],
  ["?", "question mark ?"],
  ["\r", "carriage return"],
  ["\n", "line feed"],
  ["\\", "backslash \\"],
  ["/", "slash /"],
  ["\0", "NUL"],
]);

const MAX_CHARACTERS = 256;

/** Throws `InvalidSpec` for a name that GitHub refuses. */
export function checkArtifactName(name: string): void {
  if (name === "") throw new ExecError("InvalidSpec", "an artifact needs a name");
  if (name.length > MAX_CHARACTERS) {
    throw new ExecError("InvalidSpec", `an artifact's name has at most ${MAX_CHARACTERS} characters`);
  }
  if (!name.isWellFormed()) throw new ExecError("InvalidSpec", "an artifact's name is well-formed Unicode");
  for (const [character, word] of REFUSED) {
    if (name.includes(character)) {
      throw new ExecError("InvalidSpec", `the artifact name ${JSON.stringify(name)} holds a ${word}`);
    }
  }
}
