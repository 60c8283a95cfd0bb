import type { PermissionsSpec } from "../spec/workflow-spec.ts";

type Level = "none" | "read" | "write";

const RANK: Readonly<Record<Level, number>> = { none: 0, read: 1, write: 2 };

const SCOPES: readonly string[] = [
  "actions",
  "artifact-metadata",
  "attestations",
  "checks",
  "contents",
  "deployments",
  "discussions",
  "id-token",
  "issues",
  "models",
  "packages",
  "pages",
  "pull-requests",
  "repository-projects",
  "security-events",
  "statuses",
  "vulnerability-alerts",
];

/** Scopes that only ever are read: `write-all` gives no more of them. */
const READ_ONLY: ReadonlySet<string> = new Set(["models", "vulnerability-alerts"]);

export interface Excess {
  /** `contents: write, packages: read` */
  readonly requested: string;
  readonly allowed: string;
}

/** What a called workflow asks for beyond what its caller may give; undefined where that is nothing. */
export function excessOf(requested: PermissionsSpec, allowed: PermissionsSpec): Excess | undefined {
  const scopes = new Set([...SCOPES, ...(typeof requested === "string" ? [] : Object.keys(requested))]);
  const beyond = [...scopes].filter(
    (scope) => RANK[levelOf(requested, scope)] > RANK[levelOf(allowed, scope)],
  );
  if (beyond.length === 0) return undefined;
  const list = (permissions: PermissionsSpec) =>
    beyond.map((scope) => `${scope}: ${levelOf(permissions, scope)}`).join(", ");
  return { requested: list(requested), allowed: list(allowed) };
}

/** May a job with these ask for an OIDC token? Nothing said means no. */
export function givesIdToken(permissions: PermissionsSpec | undefined): boolean {
  return permissions !== undefined && levelOf(permissions, "id-token") === "write";
}

function levelOf(permissions: PermissionsSpec, scope: string): Level {
  if (permissions === "read-all") return "read";
  if (permissions === "write-all") return READ_ONLY.has(scope) ? "read" : "write";
  return permissions[scope] ?? "none";
}
