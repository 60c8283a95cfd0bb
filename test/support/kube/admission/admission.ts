/** All that an object must pass on its way in, in the order of Kubernetes: decoding, defaults, admission, validation. */
import { ApiError, type FieldError, invalid } from "../api-error.ts";
import type { KubeObject, NewObject } from "../cluster-object.ts";
import type { ResourceKind } from "../resource-kind.ts";
import type { ObjectStore } from "../store/object-store.ts";

export interface AdmissionRequest {
  readonly kind: ResourceKind;
  /** May be changed by mutating steps. */
  readonly object: KubeObject;
  readonly before?: KubeObject;
  readonly operation: "CREATE" | "UPDATE";
  readonly user?: string;
  readonly warn?: (text: string) => void;
}

/** A webhook by script: undefined admits; a text refuses with it. May change the object. */
export interface AdmissionWebhook {
  readonly name: string;
  /** Plural names. */
  readonly resources: readonly string[];
  readonly review: (request: AdmissionRequest) => string | undefined;
}

export interface AdmissionSteps {
  /** Throws 400 for what cannot be read as that kind. */
  readonly decode: (
    kind: ResourceKind,
    body: NewObject,
    fieldValidation: string | undefined,
    warn?: (text: string) => void,
  ) => void;
  /** In order; they change the object or throw. */
  readonly mutate: readonly ((request: AdmissionRequest, store: ObjectStore) => void)[];
  readonly validate: (request: AdmissionRequest) => readonly FieldError[];
  /** In order; they throw. */
  readonly admit: readonly ((request: AdmissionRequest, store: ObjectStore) => void)[];
}

export class Admission {
  readonly #store: ObjectStore;
  readonly #steps: AdmissionSteps;
  readonly #webhooks = new Set<AdmissionWebhook>();

  constructor(store: ObjectStore, steps: AdmissionSteps) {
    this.#store = store;
    this.#steps = steps;
  }

  addWebhook(webhook: AdmissionWebhook): () => void {
    this.#webhooks.add(webhook);
    return () => this.#webhooks.delete(webhook);
  }

  decode(
    kind: ResourceKind,
    body: NewObject,
    options: { readonly fieldValidation?: string; readonly warn?: (text: string) => void },
  ): void {
    this.#steps.decode(kind, body, options.fieldValidation, options.warn);
  }

  admit(request: AdmissionRequest): KubeObject {
    for (const step of this.#steps.mutate) step(request, this.#store);
    for (const webhook of this.#webhooks) {
      if (!webhook.resources.includes(request.kind.resource)) continue;
      const refusal = webhook.review(request);
      if (refusal !== undefined) {
        throw new ApiError(
          403,
          "Forbidden",
          `admission webhook "${webhook.name}" denied the request: ${refusal}`,
        );
      }
    }
    const errors = this.#steps.validate(request);
    if (errors.length > 0) throw invalid(request.kind, request.object.metadata.name, errors);
    for (const step of this.#steps.admit) step(request, this.#store);
    return request.object;
  }
}
