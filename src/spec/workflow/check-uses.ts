import { pathInOwnRepository } from "../path-in-own-repository.ts";
import type { LiteralToken } from "../template/token.ts";
import type { Conversion } from "./conversion.ts";

/** A step's `uses`: `docker://image`, `./path`, `$/path` or `owner/repo[/path]@ref`. */
export function checkActionReference(token: LiteralToken, uses: string, { diagnostics }: Conversion): void {
  if (/^(?:docker:\/\/.|\.[/\\]|\$\/+[^/])/.test(uses)) return;
  const [name = "", ref, ...rest] = uses.split("@");
  const [owner, repository] = name.split(/[/\\]/).filter((segment) => segment !== "");
  if (owner && repository && ref && rest.length === 0) return;
  const message = `'${uses}' names no action`;
  const hint =
    ref === undefined && owner && repository && !uses.startsWith("docker:")
      ? `Add a version: '${uses}@<tag, branch or commit>', or './${uses}' for a folder of this repository`
      : "Expected owner/repo[/path]@ref, ./path or docker://image";
  diagnostics.error("bad-uses", token, message, hint);
}

/** A job's `uses`: `./path/to/workflow.yml`, `$/path/to/workflow.yml` or `owner/repo/path/to/workflow.yml@ref`. */
export function checkWorkflowReference(token: LiteralToken, uses: string, { diagnostics }: Conversion): void {
  const message = `'${uses}' names no workflow file`;
  const local = pathInOwnRepository(uses) !== undefined;
  if (local && uses.includes("@")) {
    diagnostics.error(
      "bad-uses",
      token,
      message,
      "A workflow of this repository is used as it is, without an @ref",
    );
  } else if (!/\.ya?ml(?:@|$)/i.test(uses)) {
    diagnostics.error(
      "bad-uses",
      token,
      message,
      "Expected a .yml file: ./path/to/workflow.yml or owner/repo/path/to/workflow.yml@ref",
    );
  } else if (!local && !/^[^/@]+\/[^/@]+\/[^@]+@[^@]+$/.test(uses)) {
    const hint = uses.includes("@")
      ? "Expected owner/repo/path/to/workflow.yml@ref"
      : `Did you mean './${uses.replace(/^\/+/, "")}'?`;
    diagnostics.error("bad-uses", token, message, hint);
  }
}
