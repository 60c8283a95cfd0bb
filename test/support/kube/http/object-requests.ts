/** Requests for objects, after who asks and whether they may is settled. */
import type { IncomingMessage } from "node:http";
import { ApiError, badRequest, notFound } from "../api-error.ts";
import type { KubeObject, NewObject } from "../cluster-object.ts";
import type { Registry, WriteOptions } from "../registry.ts";
import type { ResourceKind } from "../resource-kind.ts";
import type { DeleteOptions } from "../store/deletion.ts";
import { patchKind } from "../store/object-patch.ts";
import { evict } from "./eviction.ts";
import { type ObjectLists, selectorOf } from "./object-list.ts";
import { outward } from "./outward-object.ts";
import type { Reply } from "./reply.ts";
import { requestBody } from "./request-body.ts";
import type { RequestTarget } from "./request-target.ts";

export interface ObjectRequest {
  readonly target: RequestTarget;
  readonly kind: ResourceKind;
  readonly url: URL;
  readonly request: IncomingMessage;
  readonly reply: Reply;
  readonly user: string;
}

/** Everything but watches and logs. */
export async function answerObjectRequest(
  registry: Registry,
  lists: ObjectLists,
  asked: ObjectRequest,
): Promise<void> {
  const { target, kind, url, reply } = asked;
  const { verb, name = "", subresource } = target;
  // A namespace is an object at the cluster's scope.
  const namespace = kind.namespaced ? target.namespace : undefined;
  const show = (object: KubeObject) => outward(kind, object);
  const write = writeOptions(asked);
  if (kind.readOnly === true && !["get", "list"].includes(verb)) throw methodNotAllowed();
  if (kind.namespaced && namespace === undefined && !["list", "deletecollection"].includes(verb)) {
    throw new ApiError(404, "NotFound", "the server could not find the requested resource");
  }
  if (name === "" && ["update", "patch"].includes(verb)) throw methodNotAllowed();
  switch (verb) {
    case "get":
      reply.json(200, show(registry.require(kind.resource, namespace, name)));
      return;
    case "list":
      reply.json(200, lists.list(kind, namespace, url.searchParams));
      return;
    case "create": {
      const body = objectBody(await requestBody(asked.request));
      if (subresource === "eviction") {
        reply.json(201, evict(registry, namespace, name, body));
        return;
      }
      if (name !== "") throw methodNotAllowed();
      reply.json(201, show(registry.create(kind, namespace, body, write)));
      return;
    }
    case "update": {
      const body = objectBody(await requestBody(asked.request));
      reply.json(200, show(registry.replace(kind, namespace, name, body, subresource, write)));
      return;
    }
    case "patch": {
      const type = asked.request.headers["content-type"] ?? "";
      if (type.includes("apply-patch")) {
        throw new ApiError(
          415,
          "UnsupportedMediaType",
          "the body of the request was in an unknown format - accepted media types include: application/json-patch+json, application/merge-patch+json, application/strategic-merge-patch+json",
        );
      }
      const how = patchKind(type);
      const body = await requestBody(asked.request);
      reply.json(200, show(registry.patch(kind, namespace, name, body, how, subresource, write)));
      return;
    }
    case "delete": {
      const options = deleteOptions(await requestBody(asked.request), url.searchParams);
      const { object, gone } = registry.delete(kind, namespace, name, options, write);
      // Pods (and a few more) answer with the object; most kinds that are gone at once with a Status.
      if (
        !gone ||
        ["pods", "serviceaccounts", "services", "persistentvolumeclaims", "resourcequotas"].includes(
          kind.resource,
        )
      ) {
        reply.json(200, show(object));
      } else reply.json(200, deleted(kind, object));
      return;
    }
    case "deletecollection": {
      const options = deleteOptions(await requestBody(asked.request), url.searchParams);
      const selected = selectorOf(kind, url.searchParams);
      const objects = registry.store.list(kind.resource, namespace).filter(selected);
      const list = lists.list(kind, namespace, url.searchParams);
      for (const { metadata } of objects) {
        registry.delete(kind, metadata.namespace, metadata.name, options, write);
      }
      reply.json(200, list);
      return;
    }
    default:
      throw notFound(kind, name);
  }
}

function writeOptions({ url, user, reply }: ObjectRequest): WriteOptions {
  const fieldValidation = url.searchParams.get("fieldValidation");
  return {
    user,
    dryRun: url.searchParams.get("dryRun") === "All",
    ...(fieldValidation === null ? {} : { fieldValidation }),
    warn: (text) => reply.warn(text),
  };
}

function objectBody(body: unknown): NewObject {
  if (typeof body === "object" && body !== null && !Array.isArray(body)) return body as NewObject;
  throw badRequest("the object provided is unrecognized (must be of type JSON): couldn't get version/kind");
}

function deleteOptions(body: unknown, query: URLSearchParams): DeleteOptions {
  const grace = query.get("gracePeriodSeconds");
  const policy = query.get("propagationPolicy");
  const given = { ...(typeof body === "object" ? (body as DeleteOptions) : {}) };
  const policies = ["Orphan", "Background", "Foreground"];
  const asked = given.propagationPolicy ?? policy ?? undefined;
  if (asked !== undefined && !policies.includes(asked)) {
    throw new ApiError(
      422,
      "Invalid",
      `DeleteOptions.meta.k8s.io "" is invalid: propagationPolicy: Unsupported value: "${asked}": supported values: "Foreground", "Background", "Orphan", "nil"`,
      {
        group: "meta.k8s.io",
        kind: "DeleteOptions",
        causes: [
          {
            reason: "FieldValueNotSupported",
            message: `Unsupported value: "${asked}": supported values: "Foreground", "Background", "Orphan", "nil"`,
            field: "propagationPolicy",
          },
        ],
      },
    );
  }
  return {
    ...given,
    ...(given.gracePeriodSeconds === undefined && grace !== null
      ? { gracePeriodSeconds: Number(grace) }
      : {}),
    ...(asked === undefined ? {} : { propagationPolicy: asked as "Orphan" | "Background" | "Foreground" }),
  };
}

function deleted(kind: ResourceKind, { metadata }: KubeObject): unknown {
  return {
    kind: "Status",
    apiVersion: "v1",
    metadata: {},
    status: "Success",
    details: {
      name: metadata.name,
      ...(kind.group === "" ? {} : { group: kind.group }),
      kind: kind.resource,
      uid: metadata.uid,
    },
  };
}

function methodNotAllowed(): ApiError {
  return new ApiError(
    405,
    "MethodNotAllowed",
    "the server does not allow this method on the requested resource",
  );
}
