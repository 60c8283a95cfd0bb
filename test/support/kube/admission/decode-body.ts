/**
 * Reads a body as its kind does: a value of a wrong type is 400; a field that does not exist too where the client asked
 * for `fieldValidation=Strict`, a warning with `Warn`, and is dropped otherwise. The kinds' fields come from the models of
 * @kubernetes/client-node, which are made from the OpenAPI document of Kubernetes.
 */
import * as models from "@kubernetes/client-node";
import { badRequest } from "../api-error.ts";
import type { NewObject } from "../cluster-object.ts";
import type { ResourceKind } from "../resource-kind.ts";

interface FieldType {
  readonly baseName: string;
  readonly type: string;
}

interface Model {
  getAttributeTypeMap(): readonly FieldType[];
}

const MODEL_NAMES: Readonly<Record<string, string>> = { Event: "CoreV1Event" };

export function decodeBody(
  kind: ResourceKind,
  body: NewObject,
  fieldValidation: string | undefined,
  warn?: (text: string) => void,
): void {
  const unknown: string[] = [];
  const model =
    kind.group === "events.k8s.io" ? "EventsV1Event" : (MODEL_NAMES[kind.kind] ?? `V1${kind.kind}`);
  read(body, model, "", kind, unknown);
  if (unknown.length === 0) return;
  const errors = unknown.map((path) => `unknown field "${path}"`);
  if (fieldValidation === "Strict") {
    throw badRequest(
      `${kind.kind} in version "${kind.version}" cannot be handled as a ${kind.kind}: strict decoding error: ${errors.join(", ")}`,
    );
  }
  if (fieldValidation === "Warn") for (const error of errors) warn?.(error);
  for (const path of unknown) drop(body, path);
}

function modelOf(name: string): Model | undefined {
  const found: unknown = Reflect.get(models, name);
  return typeof found === "function" && "getAttributeTypeMap" in found
    ? (found as unknown as Model)
    : undefined;
}

function read(value: unknown, type: string, path: string, kind: ResourceKind, unknown: string[]): void {
  if (value === null || value === undefined) return;
  const list = /^Array<(.+)>$/.exec(type)?.[1];
  if (list !== undefined) {
    if (!Array.isArray(value)) throw wrongType(kind, value, path, `[]${list.replace(/^V1/, "v1.")}`);
    value.forEach((item, at) => {
      read(item, list, `${path}[${at}]`, kind, unknown);
    });
    return;
  }
  const map = /^\{ \[key: string\]: (.+); \}$/.exec(type)?.[1];
  if (map !== undefined) {
    if (!isPlain(value)) throw wrongType(kind, value, path, "map[string]string");
    for (const [key, item] of Object.entries(value)) read(item, map, `${path}.${key}`, kind, unknown);
    return;
  }
  if (type === "string") {
    if (typeof value !== "string" && !isQuantity(path, value)) throw wrongType(kind, value, path, "string");
  } else if (type === "number") {
    if (typeof value !== "number") throw wrongType(kind, value, path, "int32");
  } else if (type === "boolean") {
    if (typeof value !== "boolean") throw wrongType(kind, value, path, "bool");
  } else {
    const model = modelOf(type);
    if (model === undefined) return;
    if (!isPlain(value)) throw wrongType(kind, value, path, type.replace(/^V1/, "v1."));
    const fields = new Map(model.getAttributeTypeMap().map((field) => [field.baseName, field.type]));
    for (const [key, item] of Object.entries(value)) {
      const of = fields.get(key);
      const at = path === "" ? key : `${path}.${key}`;
      if (of === undefined) unknown.push(at);
      else read(item, of, at, kind, unknown);
    }
  }
}

/** Quantities may be written as numbers. */
function isQuantity(path: string, value: unknown): boolean {
  return (
    typeof value === "number" &&
    /(requests|limits|capacity|allocatable|hard|used)\.[^.]+$|sizeLimit$/.test(path)
  );
}

function isPlain(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function wrongType(kind: ResourceKind, value: unknown, path: string, wanted: string) {
  const is = Array.isArray(value) ? "array" : typeof value === "boolean" ? "bool" : typeof value;
  return badRequest(
    `${kind.kind} in version "${kind.version}" cannot be handled as a ${kind.kind}: json: cannot unmarshal ${is} into Go struct field ${kind.kind}.${path.replace(/\[\d+\]/g, "")} of type ${wanted}`,
  );
}

function drop(body: NewObject, path: string): void {
  const parts = path.match(/[^.[\]]+/g) ?? [];
  const last = parts.pop();
  let at: unknown = body;
  for (const part of parts) at = typeof at === "object" && at !== null ? Reflect.get(at, part) : undefined;
  if (typeof at === "object" && at !== null && last !== undefined) Reflect.deleteProperty(at, last);
}
