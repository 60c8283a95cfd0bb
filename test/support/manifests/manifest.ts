import type { PodTemplateSpec } from "kubernetes-types/core/v1.js";
import { parseAllDocuments } from "yaml";

/** An object of Kubernetes, as plain data. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly spec?: unknown;
  readonly [field: string]: unknown;
}

/** The objects of a stream of YAML documents. Throws where it is no YAML, or a mapping has a key twice. */
export function parseManifests(text: string): readonly Manifest[] {
  return parseAllDocuments(text).flatMap((document) => {
    if (document.errors[0] !== undefined) throw document.errors[0];
    const value: unknown = document.toJS();
    return value === null ? [] : [value as Manifest];
  });
}

export function nameOf({ kind, metadata: { name, namespace } }: Manifest): string {
  return `${kind} ${namespace === undefined ? "" : `${namespace}/`}${name}`;
}

/** Of what runs pods: deployments and jobs. */
export function podOf(object: Manifest): PodTemplateSpec | undefined {
  if (object.kind !== "Deployment" && object.kind !== "Job") return undefined;
  return (object.spec as { readonly template: PodTemplateSpec }).template;
}
