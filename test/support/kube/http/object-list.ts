/** Lists: selectors, pages that show one moment, and what a resource version asks for. */
import { ApiError, badRequest } from "../api-error.ts";
import type { KubeObject } from "../cluster-object.ts";
import { apiVersionOf, type ResourceKind } from "../resource-kind.ts";
import { fieldSelector } from "../store/field-selector.ts";
import { labelSelector, type Selector } from "../store/label-selector.ts";
import type { ObjectStore } from "../store/object-store.ts";
import { listItem } from "./outward-object.ts";

export function selectorOf(kind: ResourceKind, query: URLSearchParams): Selector {
  const labels = labelSelector(query.get("labelSelector") ?? "");
  const fields = fieldSelector(kind.resource, query.get("fieldSelector") ?? "");
  return (object) => labels(object) && fields(object);
}

interface Page {
  readonly version: number;
  readonly objects: readonly KubeObject[];
}

/** Pages that a client may come back for; the oldest are forgotten, as Kubernetes forgets after five minutes. */
const MAX_PAGES = 50;

export class ObjectLists {
  readonly #store: ObjectStore;
  readonly #pages = new Map<string, Page>();
  #tokens = 0;

  constructor(store: ObjectStore) {
    this.#store = store;
  }

  /** Every `continue` that was given is too old from now on. */
  forgetPages(): void {
    this.#pages.clear();
  }

  list(kind: ResourceKind, namespace: string | undefined, query: URLSearchParams): unknown {
    const limit = Number(query.get("limit") ?? "0");
    const token = query.get("continue") ?? "";
    const { version, objects } = token === "" ? this.#now(kind, namespace, query) : this.#later(token);
    const shown = limit > 0 ? objects.slice(0, limit) : objects;
    const rest = objects.slice(shown.length);
    const more =
      rest.length === 0
        ? {}
        : { continue: this.#keep({ version, objects: rest }), remainingItemCount: rest.length };
    return {
      kind: `${kind.kind}List`,
      apiVersion: apiVersionOf(kind),
      metadata: { resourceVersion: String(version), ...more },
      items: shown.map((object) => listItem(kind, object)),
    };
  }

  #now(kind: ResourceKind, namespace: string | undefined, query: URLSearchParams): Page {
    const asked = query.get("resourceVersion") ?? "";
    const match = query.get("resourceVersionMatch");
    if (match !== null && asked === "") {
      const why = "Forbidden: resourceVersionMatch is forbidden unless resourceVersion is provided";
      throw new ApiError(
        422,
        "Invalid",
        `ListOptions.meta.k8s.io "" is invalid: resourceVersionMatch: ${why}`,
        {
          group: "meta.k8s.io",
          kind: "ListOptions",
          causes: [{ reason: "FieldValueForbidden", message: why, field: "resourceVersionMatch" }],
        },
      );
    }
    const version = Number(asked);
    if (!Number.isInteger(version))
      throw badRequest(
        `invalid resource version: resourceVersion: Invalid value: "${asked}": strconv.ParseUint: parsing "${asked}": invalid syntax`,
      );
    if (version > this.#store.version) this.#store.changesAfter(kind.resource, version);
    const selected = selectorOf(kind, query);
    const all = this.#store.list(kind.resource, namespace);
    if (match !== "Exact" || version === this.#store.version) {
      return { version: this.#store.version, objects: all.filter(selected) };
    }
    return { version, objects: this.#past(kind, namespace, version, all).filter(selected) };
  }

  /** The objects as they were at an older version: what changed since is undone. */
  #past(
    kind: ResourceKind,
    namespace: string | undefined,
    version: number,
    now: readonly KubeObject[],
  ): KubeObject[] {
    const keyOf = ({ metadata }: KubeObject) => `${metadata.namespace ?? ""}/${metadata.name}`;
    const byKey = new Map(now.map((object) => [keyOf(object), object]));
    for (const change of this.#store.changesAfter(kind.resource, version).reverse()) {
      if (namespace !== undefined && change.object.metadata.namespace !== namespace) continue;
      if (change.before === undefined) byKey.delete(keyOf(change.object));
      else byKey.set(keyOf(change.object), change.before);
    }
    return [...byKey].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, object]) => object);
  }

  #keep(page: Page): string {
    this.#tokens += 1;
    const token = Buffer.from(
      JSON.stringify({ v: "meta.k8s.io/v1", rv: page.version, start: String(this.#tokens) }),
    ).toString("base64url");
    this.#pages.set(token, page);
    for (const old of this.#pages.keys()) {
      if (this.#pages.size <= MAX_PAGES) break;
      this.#pages.delete(old);
    }
    return token;
  }

  #later(token: string): Page {
    const page = this.#pages.get(token);
    if (page !== undefined) return page;
    throw new ApiError(
      410,
      "Expired",
      "The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter.",
    );
  }
}
