/** The three patches that clients send: JSON patch, merge patch, and strategic merge as far as lists with a key go. */

import { ApiError, badRequest } from "../api-error.ts";
import { plainCopy } from "./plain-copy.ts";

export type PatchKind = "json" | "merge" | "strategic";

const BY_TYPE: Readonly<Record<string, PatchKind>> = {
  "application/json-patch+json": "json",
  "application/merge-patch+json": "merge",
  "application/strategic-merge-patch+json": "strategic",
};

export function patchKind(contentType: string): PatchKind {
  const type = contentType.split(";")[0]?.trim() ?? "";
  const kind = BY_TYPE[type];
  if (kind !== undefined) return kind;
  throw new ApiError(415, "UnsupportedMediaType", "415: Unsupported Media Type");
}

export function patched(before: unknown, patch: unknown, kind: PatchKind): unknown {
  if (kind === "json") return jsonPatched(before, patch);
  return merged(before, patch, kind === "strategic");
}

type Plain = Record<string, unknown>;

function isPlain(value: unknown): value is Plain {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Lists that strategic merge takes item by item, and the key of each. `finalizers` are a set. */
const LIST_KEYS: Readonly<Record<string, string>> = {
  containers: "name",
  initContainers: "name",
  env: "name",
  volumes: "name",
  volumeMounts: "mountPath",
  conditions: "type",
  ownerReferences: "uid",
  hostAliases: "ip",
  imagePullSecrets: "name",
  tolerations: "",
};

function merged(before: unknown, patch: unknown, strategic: boolean): unknown {
  if (!isPlain(patch)) return patch;
  const result: Plain = isPlain(before) ? { ...before } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (strategic && (key === "$patch" || key.startsWith("$setElementOrder/"))) continue;
    if (strategic && key.startsWith("$deleteFromPrimitiveList/")) {
      const list = key.slice(key.indexOf("/") + 1);
      const gone: unknown[] = Array.isArray(value) ? value : [];
      const had = result[list];
      if (Array.isArray(had)) result[list] = had.filter((one) => !gone.includes(one));
    } else if (value === null) {
      delete result[key];
    } else if (strategic && Array.isArray(value) && Array.isArray(result[key])) {
      result[key] = mergedList(result[key], value, key);
    } else {
      result[key] = merged(result[key], value, strategic);
    }
  }
  return result;
}

function mergedList(before: readonly unknown[], patch: readonly unknown[], field: string): unknown[] {
  if (field === "finalizers") return [...new Set([...before, ...patch])];
  const key = LIST_KEYS[field];
  if (key === undefined || key === "") return [...patch];
  const result = [...before];
  for (const item of patch) {
    if (!isPlain(item)) continue;
    const at = result.findIndex((one) => isPlain(one) && one[key] === item[key]);
    if (item.$patch === "delete") {
      if (at >= 0) result.splice(at, 1);
    } else if (at >= 0) {
      result[at] = merged(result[at], item, true);
    } else {
      result.push(item);
    }
  }
  return result;
}

function jsonPatched(before: unknown, patch: unknown): unknown {
  if (!Array.isArray(patch))
    throw badRequest(
      "error decoding patch: json: cannot unmarshal object into Go value of type jsonpatch.Patch",
    );
  let document = plainCopy(before);
  for (const operation of patch as readonly unknown[]) {
    if (!isPlain(operation)) throw badRequest("error decoding patch");
    document = jsonOperation(document, operation);
  }
  return document;
}

function jsonOperation(document: unknown, { op, path, value, from }: Plain): unknown {
  const pointer = String(path);
  if (op === "test") {
    if (JSON.stringify(valueAt(document, pointer)) !== JSON.stringify(value)) {
      throw new ApiError(422, "Invalid", "the server rejected our request due to an error in our request");
    }
    return document;
  }
  if (op === "add" || op === "replace") return changed(document, pointer, op, value);
  if (op === "remove") return changed(document, pointer, "remove", undefined);
  if (op === "copy" || op === "move") {
    const moved = plainCopy(valueAt(document, String(from)));
    const rest = op === "move" ? changed(document, String(from), "remove", undefined) : document;
    return changed(rest, pointer, "add", moved);
  }
  throw badRequest(`error decoding patch: unexpected kind: ${String(op)}`);
}

function parts(pointer: string): string[] {
  return pointer
    .split("/")
    .slice(1)
    .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));
}

function valueAt(document: unknown, pointer: string): unknown {
  let value = document;
  for (const part of parts(pointer)) {
    value = typeof value === "object" && value !== null ? Reflect.get(value, part) : undefined;
  }
  return value;
}

function changed(
  document: unknown,
  pointer: string,
  op: "add" | "replace" | "remove",
  value: unknown,
): unknown {
  const path = parts(pointer);
  const last = path.pop();
  if (last === undefined) return value;
  const parent = path.reduce<unknown>(
    (at, part) => (typeof at === "object" && at !== null ? Reflect.get(at, part) : undefined),
    document,
  );
  const missing = new ApiError(
    422,
    "Invalid",
    "the server rejected our request due to an error in our request",
  );
  if (Array.isArray(parent)) {
    const at = last === "-" ? parent.length : Number(last);
    if (op === "add") parent.splice(at, 0, value);
    else if (at >= parent.length) throw missing;
    else if (op === "remove") parent.splice(at, 1);
    else parent[at] = value;
  } else if (isPlain(parent)) {
    if (op !== "add" && !(last in parent)) throw missing;
    if (op === "remove") delete parent[last];
    else parent[last] = value;
  } else {
    throw missing;
  }
  return document;
}
