import { ExecError } from "../errors.ts";
import type { Json, JsonObject } from "../json.ts";
import type {
  ContainerRequest,
  JobPlacement,
  RegistryCredentials,
  ServiceRequest,
} from "../protocol/job-placement.ts";
import type { RunnerIdentity } from "../protocol/job-request.ts";
import { evaluateTemplate } from "../spec/expressions/evaluate.ts";
import type { Scope } from "../spec/expressions/scope.ts";
import type { TemplateValue } from "../spec/template/template-value.ts";
import type { StepSpec } from "../spec/workflow-spec.ts";
import { readKey } from "./job-settings.ts";
import type { PlannedJob } from "./planned-job.ts";
import { isMapping, mappingOf, textOf } from "./typed-value.ts";

export interface PlacementFacts {
  readonly job: PlannedJob;
  /** The executor takes the image that a `.platform.yaml` step wishes for. */
  readonly usesImage: boolean;
  /** `GITHUB_TOKEN`. */
  readonly token: string | undefined;
  readonly runner: Pick<RunnerIdentity, "name" | "os" | "arch" | "environment">;
}

/**
 * What a job asks of its place, evaluated with what is known before it starts: `job.status` is `success`, of `runner` there
 * is no folder. Throws `ExecError` (`InvalidSpec`) with file and line.
 */
export function evaluatePlacement(facts: PlacementFacts): JobPlacement {
  const { job, usesImage } = facts;
  const { spec, settings, workflow } = job;
  const scope = scopeOf(facts);
  const read = <T>(key: string, value: TemplateValue, convert: (value: Json) => T): T =>
    readKey(key, value, spec.at, workflow.spec.file, scope, convert);
  const container = spec.container === undefined ? undefined : read("container", spec.container, containerOf);
  const image =
    usesImage && spec.preferredImage !== undefined
      ? read("image", spec.preferredImage, containerOf)
      : undefined;
  const asked = container ?? image;
  return {
    labels: settings.labels,
    ...(settings.group === undefined ? {} : { group: settings.group }),
    ...(asked === undefined ? {} : { container: asked }),
    services: spec.services === undefined ? [] : read("services", spec.services, servicesOf),
    stepImages: imagesOfSteps(spec.steps),
    clone: workflow.spec.format === "platform",
    ...(workflow.spec.workspace === "shared" ? { sharedWorkspace: true } : {}),
  };
}

function scopeOf({ job, token, runner }: PlacementFacts): Scope {
  const { spec, workflow, needs, strategy, matrix } = job;
  const contexts: { readonly [name: string]: Json } = {
    github: { ...workflow.github, job: spec.id, ...(token === undefined ? {} : { token }) },
    vars: workflow.vars,
    inputs: workflow.inputs,
    secrets: token === undefined ? workflow.secrets : { ...workflow.secrets, github_token: token },
    needs,
    strategy,
    matrix,
    job: { status: "success" },
    runner: { name: runner.name, os: runner.os, arch: runner.arch, environment: runner.environment },
  };
  let env: JsonObject = {};
  for (const value of [workflow.spec.env, spec.env]) {
    if (value === undefined) continue;
    const evaluated = evaluateTemplate(value, { contexts: { ...contexts, env } });
    if (isMapping(evaluated)) env = { ...env, ...evaluated };
  }
  return { contexts: { ...contexts, env } };
}

function containerOf(value: Json): ContainerRequest | undefined {
  if (value === null || value === "") return undefined;
  const given: JsonObject = isMapping(value) ? value : { image: value };
  const image = textOf(given.image ?? null).replace(/^docker:\/\//, "");
  if (image === "") return undefined;
  const { resources, annotations } = given;
  const credentials = credentialsOf(given.credentials);
  return {
    image,
    env: textsOf("env", given.env),
    ports: listOf("ports", given.ports),
    volumes: listOf("volumes", given.volumes),
    options: textOf(given.options ?? null),
    ...(credentials === undefined ? {} : { credentials }),
    ...(resources === undefined || resources === null ? {} : { resources: resourcesOf(resources) }),
    ...(annotations === undefined || annotations === null
      ? {}
      : { annotations: textsOf("annotations", annotations) }),
  };
}

function servicesOf(value: Json): readonly ServiceRequest[] {
  if (value === null || value === "") return [];
  return Object.entries(mappingOf(value)).flatMap(([id, service]): ServiceRequest[] => {
    const container = naming(id, () => containerOf(service));
    if (container === undefined) return [];
    const { entrypoint, command } = isMapping(service) ? service : {};
    return [
      {
        id,
        ...container,
        ...(entrypoint === undefined || entrypoint === null ? {} : { entrypoint: textOf(entrypoint) }),
        ...(command === undefined || command === null ? {} : { command: textOf(command) }),
      },
    ];
  });
}

function credentialsOf(value: Json | undefined): RegistryCredentials | undefined {
  if (value === undefined || value === null || value === "") return undefined;
  const { username, password } = mappingOf(value);
  const given = { username: textOf(username ?? null), password: textOf(password ?? null) };
  const missing = given.username === "" ? "username" : given.password === "" ? "password" : undefined;
  if (missing !== undefined) {
    throw new ExecError(
      "InvalidSpec",
      `credentials: the ${missing} is empty; is the secret that it comes from set?`,
    );
  }
  return given;
}

function resourcesOf(value: Json): NonNullable<ContainerRequest["resources"]> {
  const { requests, limits, ...rest } = mappingOf(value);
  const unknown = Object.keys(rest)[0];
  if (unknown !== undefined) {
    throw new ExecError(
      "InvalidSpec",
      `resources: unexpected '${unknown}'; there are 'requests' and 'limits'`,
    );
  }
  return {
    ...(requests === undefined ? {} : { requests: textsOf("resources.requests", requests) }),
    ...(limits === undefined ? {} : { limits: textsOf("resources.limits", limits) }),
  };
}

function textsOf(key: string, value: Json | undefined): { readonly [name: string]: string } {
  if (value === undefined || value === null || value === "") return {};
  return naming(key, () =>
    Object.fromEntries(Object.entries(mappingOf(value)).map(([name, each]) => [name, textOf(each)])),
  );
}

function listOf(key: string, value: Json | undefined): readonly string[] {
  if (value === undefined || value === null || value === "") return [];
  const values: readonly Json[] = Array.isArray(value) ? value : [value as Json];
  return naming(key, () => values.map(textOf).filter((text) => text !== ""));
}

function naming<T>(key: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof ExecError)) throw error;
    throw new ExecError(error.code, `${key}: ${error.message}`, { cause: error });
  }
}

/** Of `docker://…` steps, in their order. */
export function imagesOfSteps(steps: readonly StepSpec[]): readonly string[] {
  return steps.flatMap((step) => {
    if (step.kind === "parallel") return imagesOfSteps(step.steps);
    if (step.kind !== "uses") return [];
    const image = /^\s*docker:\/\/(.+?)\s*$/i.exec(step.uses)?.[1];
    return image === undefined ? [] : [image];
  });
}
