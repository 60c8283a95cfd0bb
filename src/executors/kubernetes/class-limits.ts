import type { ResourceRequirements } from "kubernetes-types/core/v1.js";
import type { RunnerClass } from "../../config/runner-classes.ts";
import { ExecError } from "../../errors.ts";
import type { ContainerRequest } from "../../protocol/job-placement.ts";
import { parseQuantity } from "./kube-quantity.ts";

type Quantities = { readonly [resource: string]: string };

/**
 * Resources of one container: those of the class, under what the job asks for. Throws `InvalidSpec` for what is above the
 * class's ceiling. Where the class has a ceiling and nobody says a limit, the ceiling is the limit.
 */
export function resourcesWithin(
  { name, ceilings }: RunnerClass,
  whose: string,
  own: RunnerClass["resources"],
  asked: ContainerRequest["resources"],
  askedLimits: Quantities = {},
): ResourceRequirements {
  const limits: { [resource: string]: string } = {
    ...(ceilings?.resources ?? {}),
    ...own?.limits,
    ...askedLimits,
    ...asked?.limits,
  };
  const requests: { [resource: string]: string } = { ...own?.requests, ...asked?.requests };
  for (const [kind, quantities] of Object.entries({ limits, requests })) {
    for (const [resource, text] of Object.entries(quantities)) {
      const value = parseQuantity(text);
      if (value === undefined)
        throw new ExecError(
          "InvalidSpec",
          `${whose}: resources.${kind}.${resource} '${text}' is no quantity; write 500m, 2 or 4Gi.`,
        );
      const ceiling = ceilings?.resources?.[resource];
      if (ceiling !== undefined && value > (parseQuantity(ceiling) ?? Number.POSITIVE_INFINITY))
        throw new ExecError(
          "InvalidSpec",
          `${whose} asks for ${text} ${resource} (resources.${kind}); runner class '${name}' gives at most ${ceiling}.`,
        );
    }
  }
  for (const [resource, text] of Object.entries(requests)) {
    const limit = limits[resource];
    if (limit === undefined || (parseQuantity(text) ?? 0) <= (parseQuantity(limit) ?? 0)) continue;
    // What the class would set aside is more than the job wants at most.
    if (asked?.requests?.[resource] === undefined) requests[resource] = limit;
    else
      throw new ExecError(
        "InvalidSpec",
        `${whose}: resources.requests.${resource} ${text} is more than its limit ${limit}.`,
      );
  }
  return {
    ...(Object.keys(limits).length === 0 ? {} : { limits }),
    ...(Object.keys(requests).length === 0 ? {} : { requests }),
  };
}

/** Throws `InvalidSpec` for an image that the class does not allow. */
export function checkImage({ name, ceilings }: RunnerClass, whose: string, image: string): void {
  const patterns = ceilings?.images;
  if (patterns === undefined) return;
  const names = [image, fullName(image)];
  if (patterns.some((pattern) => names.some((each) => matches(pattern, each)))) return;
  throw new ExecError(
    "InvalidSpec",
    `${whose}: runner class '${name}' does not allow the image '${image}'; allowed are: ${patterns.join(", ")}.`,
  );
}

/** Throws `InvalidSpec` for annotations that the class lets no job set. */
export function checkAnnotations({ name, ceilings }: RunnerClass, annotations: Quantities): void {
  const allowed = ceilings?.annotations ?? [];
  const refused = Object.keys(annotations).find((key) => !allowed.some((prefix) => key.startsWith(prefix)));
  if (refused === undefined) return;
  throw new ExecError(
    "InvalidSpec",
    `container.annotations: runner class '${name}' lets no job set '${refused}'; ${
      allowed.length === 0 ? "it allows none" : `allowed are those that begin with: ${allowed.join(", ")}`
    }.`,
  );
}

/** As registries know it: `docker.io/library/node:24`. */
function fullName(image: string): string {
  const first = image.split("/")[0] ?? "";
  if (image.includes("/") && (/[.:]/.test(first) || first === "localhost")) return image;
  return image.includes("/") ? `docker.io/${image}` : `docker.io/library/${image}`;
}

function matches(pattern: string, text: string): boolean {
  const source = pattern.split("*").map((part) => part.replace(/[.+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${source.join(".*")}$`).test(text);
}
