import type { Container, Probe } from "kubernetes-types/core/v1.js";
import type { RunnerClass } from "../../config/runner-classes.ts";
import { ExecError } from "../../errors.ts";
import type { ServiceRequest } from "../../protocol/job-placement.ts";
import { splitWords } from "../docker/split-words.ts";
import { checkImage, resourcesWithin } from "./class-limits.ts";
import { type HealthCheck, parseContainerOptions } from "./container-options.ts";
import { dnsLabel } from "./job-names.ts";
import type { PodPorts } from "./plan-ports.ts";
import { containerSecurity } from "./plan-security.ts";
import type { OwnVolumes } from "./plan-volumes.ts";
import type { SecretValues } from "./secret-values.ts";

export interface ServiceFacts {
  readonly runnerClass: RunnerClass;
  readonly ports: PodPorts;
  readonly secrets: SecretValues;
  readonly volumes: OwnVolumes;
}

/** Name of a service's container. */
export function serviceContainer(id: string): string {
  return `svc-${dnsLabel(id, 50)}`;
}

/** A service as a native sidecar: it starts before the job, and the pod waits until it is healthy. */
export function planService(service: ServiceRequest, facts: ServiceFacts): Container {
  const { id, image, env, resources, entrypoint, command } = service;
  const { runnerClass, ports, secrets, volumes } = facts;
  const whose = `services.${id}`;
  checkImage(runnerClass, whose, image);
  checkName(id);
  const options = parseContainerOptions(service.options, whose);
  const program = entrypoint === undefined ? options.entrypoint : splitWords(entrypoint);
  const mounts = volumes.mounts(whose, service);
  const policy = runnerClass.template?.container?.imagePullPolicy;
  return {
    name: serviceContainer(id),
    image,
    ...(policy === undefined ? {} : { imagePullPolicy: policy }),
    restartPolicy: "Always",
    ...(program === undefined || program.length === 0 ? {} : { command: [...program] }),
    ...(command === undefined ? {} : { args: [...splitWords(command)] }),
    env: secrets.env(id, { ...env, ...options.env }),
    ports: (ports.services[id] ?? []).map(({ protocol, port }) => ({ containerPort: port, protocol })),
    resources: resourcesWithin(runnerClass, whose, runnerClass.sidecarResources, resources, options.limits),
    securityContext: containerSecurity(runnerClass, options),
    ...(options.workingDir === undefined ? {} : { workingDir: options.workingDir }),
    ...(options.health === undefined ? {} : { startupProbe: startupProbe(options.health) }),
    ...(mounts.length === 0 ? {} : { volumeMounts: mounts }),
    terminationMessagePolicy: "FallbackToLogsOnError",
  };
}

/**
 * Waits as long as Docker would, and asks each second, so that nobody waits for the end of an interval. As with Docker the
 * command goes to a shell of the image.
 */
function startupProbe({ command, intervalMs, timeoutMs, retries, startPeriodMs }: HealthCheck): Probe {
  return {
    exec: { command: ["/bin/sh", "-c", command] },
    periodSeconds: 1,
    timeoutSeconds: Math.max(1, Math.ceil(timeoutMs / 1000)),
    failureThreshold: Math.max(5, Math.ceil((startPeriodMs + intervalMs * retries) / 1000)),
    // One that is not healthy has nothing to finish.
    terminationGracePeriodSeconds: 1,
  };
}

/** A service is reached by its name, which then has to be one of a host. */
function checkName(id: string): void {
  if (/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(id)) return;
  throw new ExecError(
    "InvalidSpec",
    `services.${id}: on Kubernetes a service's name is a host's: lower-case letters, digits and dashes, not '${id}'.`,
  );
}
