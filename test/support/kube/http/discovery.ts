/** The documents by which clients learn what an API server has. */
import { apiVersionOf, RESOURCE_KINDS, type ResourceKind } from "../resource-kind.ts";

const VERSION = {
  major: "1",
  minor: "36",
  gitVersion: "v1.36.0",
  gitCommit: "0000000000000000000000000000000000000000",
  gitTreeState: "clean",
  buildDate: "2026-04-22T00:00:00Z",
  goVersion: "go1.26.0",
  compiler: "gc",
  platform: "linux/amd64",
};

const READ_VERBS = ["get", "list", "watch"];
const VERBS = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"];

/** Undefined: there is no such document. */
export function discoveryDocument(path: string): unknown {
  const clean = path.replace(/\/+$/, "");
  if (clean === "/version") return VERSION;
  if (clean === "/api") return { kind: "APIVersions", versions: ["v1"], serverAddressByClientCIDRs: [] };
  if (clean === "/apis") return { kind: "APIGroupList", apiVersion: "v1", groups: groups() };
  if (clean === "/openapi/v2") {
    return {
      swagger: "2.0",
      info: { title: "Kubernetes", version: VERSION.gitVersion },
      paths: {},
      definitions: {},
    };
  }
  if (clean.startsWith("/openapi/v3")) return openApi(clean.slice("/openapi/v3".length + 1));
  if (clean === "/api/v1") return resourceList("v1");
  const match = /^\/apis\/([^/]+)(?:\/([^/]+))?$/.exec(clean);
  if (match === null) return undefined;
  const [, group = "", version] = match;
  if (version === undefined) {
    const found = groups().find(({ name }) => name === group);
    return found === undefined ? undefined : { kind: "APIGroup", apiVersion: "v1", ...found };
  }
  return resourceList(`${group}/${version}`);
}

function groups() {
  const versions = new Map<string, string>([["authorization.k8s.io", "v1"]]);
  for (const { group, version } of RESOURCE_KINDS) if (group !== "") versions.set(group, version);
  return [...versions].map(([name, version]) => {
    const one = { groupVersion: `${name}/${version}`, version };
    return { name, versions: [one], preferredVersion: one };
  });
}

function resourceList(groupVersion: string): unknown {
  const resources = RESOURCE_KINDS.filter((kind) => apiVersionOf(kind) === groupVersion).flatMap(entries);
  if (groupVersion === "authorization.k8s.io/v1") {
    resources.push({
      name: "selfsubjectaccessreviews",
      singularName: "selfsubjectaccessreview",
      namespaced: false,
      kind: "SelfSubjectAccessReview",
      verbs: ["create"],
    });
  }
  if (resources.length === 0) return undefined;
  return { kind: "APIResourceList", apiVersion: "v1", groupVersion, resources };
}

interface ResourceEntry {
  readonly name: string;
  readonly singularName: string;
  readonly namespaced: boolean;
  readonly kind: string;
  readonly verbs: readonly string[];
  readonly shortNames?: readonly string[];
  readonly group?: string;
  readonly version?: string;
}

function entries(kind: ResourceKind): ResourceEntry[] {
  const { resource, singular, namespaced, shortNames } = kind;
  return [
    {
      name: resource,
      singularName: singular,
      namespaced,
      kind: kind.kind,
      verbs: kind.readOnly === true ? READ_VERBS : VERBS,
      ...(shortNames.length === 0 ? {} : { shortNames }),
    },
    ...kind.subresources.map((sub) => ({
      name: `${resource}/${sub}`,
      singularName: "",
      namespaced,
      ...(sub === "eviction" ? { group: "policy", version: "v1" } : {}),
      kind: sub === "eviction" ? "Eviction" : kind.kind,
      verbs: sub === "log" ? ["get"] : sub === "status" ? ["get", "patch", "update"] : ["create"],
    })),
  ];
}

/**
 * The least by which kubectl sees that objects are validated here, not by itself: that patches take `fieldValidation`.
 * Schemas it does not look for then.
 */
function openApi(path: string): unknown {
  const pathOf = (kind: ResourceKind) => `${kind.group === "" ? "api" : "apis"}/${apiVersionOf(kind)}`;
  if (path === "") {
    const entries = RESOURCE_KINDS.map(pathOf).map((one) => [
      one,
      { serverRelativeURL: `/openapi/v3/${one}` },
    ]);
    return { paths: Object.fromEntries(entries) };
  }
  const kinds = RESOURCE_KINDS.filter((kind) => pathOf(kind) === path);
  if (kinds.length === 0) return undefined;
  const paths = kinds.map((kind) => {
    const { group, version } = kind;
    const patch = {
      parameters: [{ name: "fieldValidation", in: "query", schema: { type: "string" } }],
      "x-kubernetes-action": "patch",
      "x-kubernetes-group-version-kind": { group, version, kind: kind.kind },
      responses: {},
    };
    const where = kind.namespaced ? "namespaces/{namespace}/" : "";
    return [`/${path}/${where}${kind.resource}/{name}`, { patch }];
  });
  return {
    openapi: "3.0.0",
    info: { title: "Kubernetes", version: VERSION.gitVersion },
    paths: Object.fromEntries(paths),
  };
}
