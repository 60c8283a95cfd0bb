import { existsSync } from "node:fs";
import type { GitProgram } from "../../runner/git/git.ts";
import { KIT } from "../kit/kit-layout.ts";

/**
 * The kit's git, for the runner's own use; undefined where there is no kit. An image that trusts authorities of its own says
 * so in its environment.
 */
export function kitGit(
  env: { readonly [name: string]: string | undefined },
  file: string = KIT.git,
): GitProgram | undefined {
  if (!existsSync(file)) return undefined;
  return {
    file,
    env: {
      GIT_EXEC_PATH: KIT.gitExecPath,
      GIT_TEMPLATE_DIR: KIT.gitTemplates,
      GIT_SSL_CAINFO: env.GIT_SSL_CAINFO ?? env.SSL_CERT_FILE ?? KIT.certificates,
    },
  };
}
