import { type MappingToken, type Token, textEntries } from "../template/token.ts";
import type { JobSpec, WorkflowSpec } from "../workflow-spec.ts";
import { checkConcurrency } from "./check-concurrency.ts";
import { checkNeeds } from "./check-needs.ts";
import { checkReferences } from "./check-references.ts";
import { type Conversion, Fields } from "./conversion.ts";
import { convertDefaults } from "./convert-defaults.ts";
import { convertJob } from "./convert-job.ts";
import { convertPermissions } from "./convert-permissions.ts";
import { convertTriggers } from "./convert-triggers.ts";

/** The spec of a workflow that fits its schema; of one that does not, as much as can be looked at for more mistakes. */
export function convertWorkflow(root: MappingToken, file: string, conversion: Conversion): WorkflowSpec {
  const fields = new Fields(root, conversion);
  const on = convertTriggers(fields.get("on"), conversion);
  checkConcurrency(fields.get("concurrency"), conversion);
  const jobs = textEntries(fields.get("jobs")).map(({ name, key, value }) =>
    convertJob(name, key, value, conversion),
  );
  checkJobs(fields.get("jobs"), fields.key("jobs"), conversion);
  const facts = jobs.map((job) => job.facts);
  const needs = checkNeeds(facts, conversion);
  checkReferences(root, on, facts, conversion);
  return {
    file,
    format: "workflow",
    ...nameOf(fields.get("name"), conversion),
    ...fields.text("description", "description"),
    ...fields.template("run-name", "runName"),
    on,
    ...fields.template("env", "env"),
    ...convertDefaults(fields.get("defaults"), conversion),
    ...convertPermissions(fields.get("permissions")),
    ...fields.template("concurrency", "concurrency"),
    jobs: jobs.flatMap(({ spec }): JobSpec[] => (spec ? [{ ...spec, needs: needs.get(spec.id) ?? [] }] : [])),
    artifacts: [],
  };
}

/** A number stays as it was written: `name: 1.10` is `1.10`. */
function nameOf(token: Token | undefined, { source }: Conversion): { name?: string } {
  if (token?.kind !== "literal" || token.bad || token.value === "") return {};
  const written = source.slice(token);
  return { name: /^[-+.\d]/.test(written) && !/\s/.test(written) ? written : String(token.value) };
}

function checkJobs(
  token: Token | undefined,
  key: Token | undefined,
  { source, diagnostics }: Conversion,
): void {
  if (token?.kind === "mapping" && /^\{\s*\}$/.test(source.slice(token))) {
    diagnostics.error("no-jobs", key ?? token, "The workflow must contain at least one job");
  }
}
