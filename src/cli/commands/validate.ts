import { EXIT, type ExitCode } from "../exit-code.ts";
import type { Io } from "../io.ts";
import { VALIDATE } from "../options/command-specs.ts";
import { parseOptions } from "../options/parse-options.ts";
import { wantsColor } from "../output/color.ts";
import { checkReferences } from "../project/check-references.ts";
import {
  findPipelineFile,
  findProjectRoot,
  namedPipelines,
  projectPipelines,
} from "../project/find-pipelines.ts";
import { hasErrors, loadPipelines } from "../project/load-pipeline.ts";
import { projectFolder } from "../project/open-project.ts";
import { count, diagnosticsText } from "../project/print-diagnostics.ts";
import { UsageError } from "../usage-error.ts";

/** `slipway validate`. */
export async function validate(args: readonly string[], io: Io): Promise<ExitCode> {
  const { values, positionals } = parseOptions(VALIDATE, args);
  if (values.help) return (await import("./help.ts")).help([VALIDATE.name], io);
  const format = values.format ?? "text";
  const folder = projectFolder(values.directory, io);
  const root = findProjectRoot(folder);
  const names = positionals.map((name) => findPipelineFileOrFolder(name, folder, root));
  const wanted = [...namedPipelines(values.workflows, folder).paths, ...namedPipelines(names, folder).paths];
  const paths = wanted.length > 0 ? wanted : projectPipelines(root);
  if (paths.length === 0) {
    throw new UsageError(
      `There is no pipeline in ${root}.`,
      "Looked for .workflows/*.yml, .github/workflows/*.yml and .platform.yaml.",
    );
  }
  const checked = await checkReferences(await loadPipelines(paths, root), root, true);
  const diagnostics = checked.flatMap((file) => file.diagnostics);
  const isBad = checked.some(hasErrors) || (values.strict && diagnostics.length > 0);
  switch (format) {
    case "text": {
      const color = wantsColor(io.env, io.stdout);
      await io.stdout.write(await diagnosticsText(checked, color));
      if (diagnostics.length === 0)
        await io.stdout.write(`${count(checked.length, "file")} checked, no mistakes.\n`);
      break;
    }
    case "json": {
      const { diagnosticsJson } = await import("../validate/diagnostics-json.ts");
      await io.stdout.write(diagnosticsJson(checked));
      break;
    }
    case "sarif": {
      const { diagnosticsSarif } = await import("../validate/diagnostics-sarif.ts");
      await io.stdout.write(diagnosticsSarif(checked));
      break;
    }
    case "github": {
      const { diagnosticsGithub } = await import("../validate/diagnostics-github.ts");
      await io.stdout.write(diagnosticsGithub(checked));
      break;
    }
    default:
      throw new UsageError(`--format ${format} is none of text, json, sarif, github.`);
  }
  return isBad ? EXIT.usage : EXIT.ok;
}

function findPipelineFileOrFolder(name: string, folder: string, root: string): string {
  return findPipelineFile(name, folder, root) ?? name;
}
