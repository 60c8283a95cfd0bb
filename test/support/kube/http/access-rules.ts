/** Who may do what: rules of the form of a Role's, and the words of a refusal. */
import { ApiError } from "../api-error.ts";

export interface PolicyRule {
  /** Empty string for the core group. `*`: all. */
  readonly apiGroups: readonly string[];
  /** `pods`, `pods/log`, `*`. */
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
  readonly resourceNames?: readonly string[];
  /** Only in these namespaces; everywhere if absent. A Role would have one, a ClusterRole none. */
  readonly namespaces?: readonly string[];
}

export interface AccessAttributes {
  readonly verb: string;
  readonly group: string;
  readonly resource: string;
  readonly subresource?: string;
  readonly namespace?: string;
  readonly name?: string;
}

export const EVERYTHING: PolicyRule = { apiGroups: ["*"], resources: ["*"], verbs: ["*"] };

export function allows(rules: readonly PolicyRule[], asked: AccessAttributes): boolean {
  const resource =
    asked.subresource === undefined ? asked.resource : `${asked.resource}/${asked.subresource}`;
  return rules.some(
    (rule) =>
      has(rule.apiGroups, asked.group) &&
      has(rule.resources, resource) &&
      has(rule.verbs, asked.verb) &&
      (rule.resourceNames === undefined ||
        (asked.name !== undefined && rule.resourceNames.includes(asked.name))) &&
      (rule.namespaces === undefined ||
        (asked.namespace !== undefined && rule.namespaces.includes(asked.namespace))),
  );
}

function has(list: readonly string[], one: string): boolean {
  return list.includes("*") || list.includes(one);
}

/** `pods "x" is forbidden: User "worker" cannot get resource "pods" in API group "" in the namespace "ci"`. */
export function accessDenied(user: string, asked: AccessAttributes): ApiError {
  const of = asked.group === "" ? asked.resource : `${asked.resource}.${asked.group}`;
  const resource =
    asked.subresource === undefined ? asked.resource : `${asked.resource}/${asked.subresource}`;
  const where =
    asked.namespace === undefined ? "at the cluster scope" : `in the namespace "${asked.namespace}"`;
  const subject = asked.name === undefined ? of : `${of} "${asked.name}"`;
  return new ApiError(
    403,
    "Forbidden",
    `${subject} is forbidden: User "${user}" cannot ${asked.verb} resource "${resource}" in API group "${asked.group}" ${where}`,
    {
      ...(asked.name === undefined ? {} : { name: asked.name }),
      ...(asked.group === "" ? {} : { group: asked.group }),
      kind: asked.resource,
    },
  );
}
