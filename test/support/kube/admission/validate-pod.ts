/** What Kubernetes refuses in the spec of a pod, of a job's template too. */
import type { Container, PodSpec, Volume } from "kubernetes-types/core/v1.js";
import type { FieldError } from "../api-error.ts";
import { quantity } from "../controllers/quantity.ts";
import { bad, dnsLabel, labelErrors, required } from "./name-rules.ts";

const ENV_NAME = /^[ -<>-~]+$/;
const PULL_POLICIES = ["Always", "IfNotPresent", "Never"];

export function podSpecErrors(spec: PodSpec | undefined, at: string): FieldError[] {
  if (spec === undefined) return [required(`${at}.containers`)];
  const errors: FieldError[] = [];
  if ((spec.containers ?? []).length === 0) errors.push(required(`${at}.containers`));
  const volumes = new Map<string, Volume>();
  (spec.volumes ?? []).forEach((volume, n) => {
    const field = `${at}.volumes[${n}].name`;
    if ((volume.name ?? "") === "") errors.push(required(field));
    else {
      errors.push(...dnsLabel(field, volume.name));
      if (volumes.has(volume.name)) errors.push(duplicate(field, volume.name));
    }
    volumes.set(volume.name, volume);
    const sources = Object.keys(volume).filter((key) => key !== "name");
    if (sources.length > 1) {
      errors.push({
        field: `${at}.volumes[${n}].${sources[1]}`,
        reason: "FieldValueForbidden",
        text: "Forbidden: may not specify more than 1 volume type",
      });
    }
    if (volume.secret !== undefined && (volume.secret.secretName ?? "") === "") {
      errors.push(required(`${at}.volumes[${n}].secret.secretName`));
    }
  });
  const names = new Set<string>();
  const each = (containers: readonly Container[] | undefined, list: string) => {
    (containers ?? []).forEach((container, n) => {
      errors.push(...containerErrors(container, `${at}.${list}[${n}]`, volumes, names));
    });
  };
  each(spec.containers, "containers");
  each(spec.initContainers, "initContainers");
  errors.push(...labelErrors(`${at}.nodeSelector`, spec.nodeSelector));
  if (spec.restartPolicy !== undefined && !["Always", "OnFailure", "Never"].includes(spec.restartPolicy)) {
    errors.push(unsupported(`${at}.restartPolicy`, spec.restartPolicy, ["Always", "OnFailure", "Never"]));
  }
  if ((spec.activeDeadlineSeconds ?? 1) < 1) {
    errors.push(
      bad(
        `${at}.activeDeadlineSeconds`,
        spec.activeDeadlineSeconds,
        "must be between 1 and 2147483647, inclusive",
      ),
    );
  }
  (spec.hostAliases ?? []).forEach(({ ip }, n) => {
    if (!/^[\d.]+$|:/.test(ip ?? ""))
      errors.push(
        bad(
          `${at}.hostAliases[${n}].ip`,
          ip,
          "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)",
        ),
      );
  });
  return errors;
}

function containerErrors(
  container: Container,
  at: string,
  volumes: ReadonlyMap<string, Volume>,
  names: Set<string>,
): FieldError[] {
  const errors: FieldError[] = [];
  const { name, image } = container;
  if ((name ?? "") === "") errors.push(required(`${at}.name`));
  else {
    errors.push(...dnsLabel(`${at}.name`, name));
    if (names.has(name)) errors.push(duplicate(`${at}.name`, name));
    names.add(name);
  }
  if ((image ?? "") === "") errors.push(required(`${at}.image`));
  else if (image !== image?.trim())
    errors.push(bad(`${at}.image`, image, "must not have leading or trailing whitespace"));
  const policy = container.imagePullPolicy;
  if (policy !== undefined && !PULL_POLICIES.includes(policy)) {
    errors.push(unsupported(`${at}.imagePullPolicy`, policy, PULL_POLICIES));
  }
  (container.env ?? []).forEach(({ name: variable, value, valueFrom }, n) => {
    const field = `${at}.env[${n}]`;
    if ((variable ?? "") === "") errors.push(required(`${field}.name`));
    else if (!ENV_NAME.test(variable)) {
      errors.push(
        bad(
          `${field}.name`,
          variable,
          "a valid environment variable name must consist only of printable ASCII characters other than '='",
        ),
      );
    }
    if ((value ?? "") !== "" && valueFrom !== undefined) {
      errors.push(bad(`${field}.valueFrom`, "", "may not be specified when `value` is not empty"));
    }
  });
  const paths = new Set<string>();
  (container.volumeMounts ?? []).forEach((mount, n) => {
    const field = `${at}.volumeMounts[${n}]`;
    if (!volumes.has(mount.name)) {
      errors.push({
        field: `${field}.name`,
        reason: "FieldValueNotFound",
        text: `Not found: ${JSON.stringify(mount.name)}`,
      });
    }
    if ((mount.mountPath ?? "") === "") errors.push(required(`${field}.mountPath`));
    else if (paths.has(mount.mountPath)) {
      errors.push(bad(`${field}.mountPath`, mount.mountPath, "must be unique"));
    }
    paths.add(mount.mountPath);
    if (mount.subPath?.startsWith("/") === true)
      errors.push(bad(`${field}.subPath`, mount.subPath, "must be a relative path"));
    else if (mount.subPath?.split("/").includes("..") === true) {
      errors.push(bad(`${field}.subPath`, mount.subPath, "must not contain '..'"));
    }
  });
  errors.push(...resourceErrors(container, `${at}.resources`));
  return errors;
}

function resourceErrors({ resources = {} }: Container, at: string): FieldError[] {
  const errors: FieldError[] = [];
  for (const which of ["limits", "requests"] as const) {
    for (const [name, text] of Object.entries(resources[which] ?? {})) {
      const field = `${at}.${which}`;
      const amount = quantity(text);
      if (amount === undefined) {
        errors.push(
          bad(
            field,
            text,
            "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
          ),
        );
      } else if (amount < 0) {
        errors.push(bad(`${field}[${name}]`, text, "must be greater than or equal to 0"));
      }
      const limit = resources.limits?.[name];
      if (which === "requests" && limit !== undefined && (amount ?? 0) > (quantity(limit) ?? 0)) {
        errors.push(bad(`${at}.requests`, text, `must be less than or equal to ${name} limit of ${limit}`));
      }
    }
  }
  return errors;
}

function duplicate(field: string, value: string): FieldError {
  return { field, reason: "FieldValueDuplicate", text: `Duplicate value: ${JSON.stringify(value)}` };
}

function unsupported(field: string, value: string, supported: readonly string[]): FieldError {
  const listed = supported.map((one) => JSON.stringify(one)).join(", ");
  return {
    field,
    reason: "FieldValueNotSupported",
    text: `Unsupported value: ${JSON.stringify(value)}: supported values: ${listed}`,
  };
}
