/** Pod Security Admission: `pod-security.kubernetes.io/enforce` of a namespace, the checks a CI job can fail. */
import type { Container, SecurityContext } from "kubernetes-types/core/v1.js";
import { forbidden } from "../api-error.ts";
import type { JobObject, PodObject } from "../cluster-object.ts";
import type { ObjectStore } from "../store/object-store.ts";
import type { AdmissionRequest } from "./admission.ts";

const LABEL = "pod-security.kubernetes.io/";
const BASELINE_CAPABILITIES = new Set([
  "AUDIT_WRITE",
  "CHOWN",
  "DAC_OVERRIDE",
  "FOWNER",
  "FSETID",
  "KILL",
  "MKNOD",
  "NET_BIND_SERVICE",
  "SETFCAP",
  "SETGID",
  "SETPCAP",
  "SETUID",
  "SYS_CHROOT",
]);

export function checkPodSecurity(request: AdmissionRequest, store: ObjectStore): void {
  const { kind, object, operation, warn } = request;
  if (operation !== "CREATE" || (kind.resource !== "pods" && kind.resource !== "jobs")) return;
  const labels = store.get("namespaces", undefined, object.metadata.namespace ?? "")?.metadata.labels ?? {};
  const spec =
    kind.resource === "pods" ? (object as PodObject).spec : (object as JobObject).spec.template.spec;
  if (spec === undefined) return;
  const pod = { spec } as PodObject;
  const said = (mode: string) => {
    const level = labels[`${LABEL}${mode}`];
    const version = labels[`${LABEL}${mode}-version`] ?? "latest";
    const violations = violationsOf(level, pod);
    return violations.length === 0
      ? undefined
      : `violates PodSecurity "${level}:${version}": ${violations.join(", ")}`;
  };
  // Pods are refused; of a workload there is only a warning.
  if (kind.resource === "pods") {
    const refusal = said("enforce");
    if (refusal !== undefined) throw forbidden(kind, object.metadata.name, refusal);
  }
  const warning = said("warn") ?? (kind.resource === "jobs" ? said("enforce") : undefined);
  if (warning !== undefined) warn?.(`would ${warning.replace(/^violates/, "violate")}`);
}

function violationsOf(level: string | undefined, pod: PodObject): string[] {
  if (level !== "baseline" && level !== "restricted") return [];
  const found: string[] = [];
  const { spec } = pod;
  const all = [...(spec.initContainers ?? []), ...spec.containers];
  const check = (
    title: string,
    test: (context: SecurityContext, container: Container) => boolean,
    must: string,
  ) => {
    const bad = all.filter((one) => test(one.securityContext ?? {}, one)).map(({ name }) => `"${name}"`);
    if (bad.length > 0)
      found.push(`${title} (${bad.length === 1 ? "container" : "containers"} ${bad.join(", ")} ${must})`);
  };
  const host = [
    ...(spec.hostNetwork === true ? ["hostNetwork=true"] : []),
    ...(spec.hostPID === true ? ["hostPID=true"] : []),
    ...(spec.hostIPC === true ? ["hostIPC=true"] : []),
  ];
  if (host.length > 0) found.push(`host namespaces (${host.join(", ")})`);
  const hostPaths = (spec.volumes ?? [])
    .filter(({ hostPath }) => hostPath !== undefined)
    .map(({ name }) => `"${name}"`);
  if (hostPaths.length > 0 && level === "baseline")
    found.push(`hostPath volumes (${hostPaths.length === 1 ? "volume" : "volumes"} ${hostPaths.join(", ")})`);
  check(
    "privileged",
    ({ privileged }) => privileged === true,
    "must not set securityContext.privileged=true",
  );
  if (level === "baseline") {
    check(
      "non-default capabilities",
      ({ capabilities }) => (capabilities?.add ?? []).some((one) => !BASELINE_CAPABILITIES.has(one)),
      "must not include more than the default ones in securityContext.capabilities.add",
    );
    return found;
  }
  check(
    "allowPrivilegeEscalation != false",
    ({ allowPrivilegeEscalation }) => allowPrivilegeEscalation !== false,
    "must set securityContext.allowPrivilegeEscalation=false",
  );
  check(
    "unrestricted capabilities",
    ({ capabilities }) => capabilities?.drop?.includes("ALL") !== true,
    'must set securityContext.capabilities.drop=["ALL"]',
  );
  const added = all.flatMap(({ securityContext }) => securityContext?.capabilities?.add ?? []);
  const extra = [...new Set(added)].filter((one) => one !== "NET_BIND_SERVICE").map((one) => `"${one}"`);
  if (extra.length > 0) {
    check(
      "unrestricted capabilities",
      ({ capabilities }) => (capabilities?.add ?? []).some((one) => one !== "NET_BIND_SERVICE"),
      `must not include ${extra.join(", ")} in securityContext.capabilities.add`,
    );
  }
  if (hostPaths.length > 0) {
    const [s, verb] = hostPaths.length === 1 ? ["", "uses"] : ["s", "use"];
    found.push(
      `restricted volume types (volume${s} ${hostPaths.join(", ")} ${verb} restricted volume type "hostPath")`,
    );
  }
  const podContext = spec.securityContext ?? {};
  const nonRoot = all.filter(
    ({ securityContext }) => (securityContext?.runAsNonRoot ?? podContext.runAsNonRoot) !== true,
  );
  if (nonRoot.length > 0) {
    found.push(
      `runAsNonRoot != true (pod or ${nonRoot.length === 1 ? "container" : "containers"} ${nonRoot.map(({ name }) => `"${name}"`).join(", ")} must set securityContext.runAsNonRoot=true)`,
    );
  }
  const rooted = all.filter(({ securityContext }) => securityContext?.runAsUser === 0);
  if (podContext.runAsUser === 0) found.push("runAsUser=0 (pod must not set runAsUser=0)");
  else if (rooted.length > 0) {
    found.push(
      `runAsUser=0 (container ${rooted.map(({ name }) => `"${name}"`).join(", ")} must not set runAsUser=0)`,
    );
  }
  const seccomp = all.filter(({ securityContext }) => {
    const type = (securityContext?.seccompProfile ?? podContext.seccompProfile)?.type;
    return type !== "RuntimeDefault" && type !== "Localhost";
  });
  if (seccomp.length > 0) {
    found.push(
      `seccompProfile (pod or ${seccomp.length === 1 ? "container" : "containers"} ${seccomp.map(({ name }) => `"${name}"`).join(", ")} must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost")`,
    );
  }
  return found;
}
