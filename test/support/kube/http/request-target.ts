/** What a path of the API means: group, resource, object, subresource, and the verb as RBAC names it. */
import { RESOURCE_KINDS, type ResourceKind } from "../resource-kind.ts";

export interface RequestTarget {
  readonly group: string;
  readonly version: string;
  readonly resource: string;
  readonly subresource: string | undefined;
  readonly namespace: string | undefined;
  readonly name: string | undefined;
  readonly verb: string;
  /** Undefined: this server keeps no such resource. */
  readonly kind: ResourceKind | undefined;
}

/** Undefined for paths that are no resource: discovery, version, health. */
export function requestTarget(method: string, url: URL): RequestTarget | undefined {
  const parts = url.pathname
    .split("/")
    .filter((part) => part !== "")
    .map(decodeURIComponent);
  const [root, first, second] = parts;
  let group = "";
  let version = first ?? "";
  let rest = parts.slice(2);
  if (root === "apis") {
    group = first ?? "";
    version = second ?? "";
    rest = parts.slice(3);
  } else if (root !== "api") return undefined;
  if (rest.length === 0) return undefined;

  let namespace: string | undefined;
  if (rest[0] === "namespaces" && rest.length > 2 && rest[2] !== "status" && rest[2] !== "finalize") {
    namespace = rest[1];
    rest = rest.slice(2);
  }
  const [resource = "", name, subresource] = rest;
  if (resource === "namespaces" && name !== undefined) namespace = name;
  const kind = RESOURCE_KINDS.find(
    (one) => one.resource === resource && one.group === group && one.version === version,
  );
  return { group, version, resource, subresource, namespace, name, verb: verbOf(method, url, name), kind };
}

function verbOf(method: string, url: URL, name: string | undefined): string {
  switch (method) {
    case "POST":
      return "create";
    case "PUT":
      return "update";
    case "PATCH":
      return "patch";
    case "DELETE":
      return name === undefined ? "deletecollection" : "delete";
    default: {
      const watch = url.searchParams.get("watch");
      if (watch === "true" || watch === "1") return "watch";
      return name === undefined ? "list" : "get";
    }
  }
}
