/**
 * Reads a body as its kind does: a value of a wrong type is 400; a field that does not exist too where the client asked
 * for `fieldValidation=Strict`, a warning with `Warn`, and is dropped otherwise. The kinds' fields come from the models of
 * @kubernetes/client-node, which are made from the OpenAPI document of Kubernetes.
 */
import * as models from "@kubernetes/client-node";
import { badRequest } from "../api-error.ts";
import type { NewObject } from "../cluster-object.ts";
import { quantity } from "../controllers/quantity.ts";
import type { ResourceKind } from "../resource-kind.ts";

interface FieldType {
  readonly baseName: string;
  readonly type: string;
  readonly format: string;
}

interface Model {
  getAttributeTypeMap(): readonly FieldType[];
}

const QUANTITY_PATH = /(resources\.(requests|limits)|capacity|allocatable|hard|used)\..+$|sizeLimit$/;
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
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
  read(body, model, "", { kind, within: kind.kind, format: "" }, unknown);
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

/** Where a value stands: in a field of which type, for the words of a refusal. */
interface Place {
  readonly kind: ResourceKind;
  readonly within: string;
  readonly format: string;
}

function goName(model: string): string {
  return model.replace(/^(Core)?V1/, "");
}

function modelOf(name: string): Model | undefined {
  const found: unknown = Reflect.get(models, name);
  return typeof found === "function" && "getAttributeTypeMap" in found
    ? (found as unknown as Model)
    : undefined;
}

function read(value: unknown, type: string, path: string, place: Place, unknown: string[]): void {
  if (value === null || value === undefined) return;
  const list = /^Array<(.+)>$/.exec(type)?.[1];
  if (list !== undefined) {
    if (!Array.isArray(value)) throw wrongType(place, value, path, `[]${list.replace(/^V1/, "v1.")}`);
    value.forEach((item, at) => {
      read(item, list, `${path}[${at}]`, place, unknown);
    });
    return;
  }
  const map = /^\{ \[key: string\]: (.+); \}$/.exec(type)?.[1];
  if (map !== undefined) {
    if (!isPlain(value)) throw wrongType(place, value, path, "map[string]string");
    for (const [key, item] of Object.entries(value)) read(item, map, `${path}.${key}`, place, unknown);
    return;
  }
  if (type === "string") {
    if (typeof value !== "string" && !isQuantity(path, value)) throw wrongType(place, value, path, "string");
    if (QUANTITY_PATH.test(path) && quantity(String(value)) === undefined) {
      throw cannotBe(
        place.kind,
        "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
      );
    }
    if (path.startsWith("data.") && place.kind.kind === "Secret" && !BASE64.test(String(value))) {
      const at = Math.max(0, String(value).search(/[^A-Za-z0-9+/]/));
      throw cannotBe(place.kind, `illegal base64 data at input byte ${at}`);
    }
  } else if (type === "number") {
    if (typeof value !== "number")
      throw wrongType(place, value, path, place.format === "int64" ? "int64" : "int32");
  } else if (type === "boolean") {
    if (typeof value !== "boolean") throw wrongType(place, value, path, "bool");
  } else {
    const model = modelOf(type);
    if (model === undefined) return;
    if (!isPlain(value)) throw wrongType(place, value, path, type.replace(/^V1/, "v1."));
    const fields = new Map(model.getAttributeTypeMap().map((field) => [field.baseName, field]));
    for (const [key, item] of Object.entries(value)) {
      const of = fields.get(key);
      const at = path === "" ? key : `${path}.${key}`;
      if (of === undefined) unknown.push(at);
      else read(item, of.type, at, { ...place, within: goName(type), format: of.format }, unknown);
    }
  }
}

/** Quantities may be written as numbers. */
function isQuantity(path: string, value: unknown): boolean {
  return typeof value === "number" && QUANTITY_PATH.test(path);
}

function isPlain(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function wrongType({ kind, within }: Place, value: unknown, path: string, wanted: string) {
  const is = Array.isArray(value) ? "array" : typeof value === "boolean" ? "bool" : typeof value;
  return cannotBe(
    kind,
    `json: cannot unmarshal ${is} into Go struct field ${within}.${path.replace(/\[\d+\]/g, "")} of type ${wanted}`,
  );
}

function cannotBe(kind: ResourceKind, why: string) {
  return badRequest(`${kind.kind} in version "${kind.version}" cannot be handled as a ${kind.kind}: ${why}`);
}

function drop(body: NewObject, path: string): void {
  const parts = path.match(/[^.[\]]+/g) ?? [];
  const last = parts.pop();
  let at: unknown = body;
  for (const part of parts) at = typeof at === "object" && at !== null ? Reflect.get(at, part) : undefined;
  if (typeof at === "object" && at !== null && last !== undefined) Reflect.deleteProperty(at, last);
}
