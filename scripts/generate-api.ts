// What is made from the table of the API's routes: docs/reference/openapi.json, and the types of clients.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { openApiDocument } from "../src/api/openapi/openapi-document.ts";
import { ROUTES } from "../src/api/rest/route-table.ts";

interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly anyOf?: readonly Schema[];
  readonly additionalProperties?: Schema | boolean;
}
interface Operation {
  readonly summary: string;
  readonly parameters?: readonly {
    readonly name: string;
    readonly in: string;
    readonly required: boolean;
    readonly schema: Schema;
  }[];
  readonly requestBody?: { readonly required: boolean; readonly content: Content };
  readonly responses: Readonly<Record<string, { readonly content?: Content }>>;
}
type Content = Readonly<Record<string, { readonly schema: Schema }>>;
interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}

const root = fileURLToPath(new URL("..", import.meta.url));
const HEAD = "// Made by scripts/generate-api.ts from the routes of src/api/rest; do not edit.\n\n";

/** Path to text. */
export function apiFiles(): Record<string, string> {
  const { version }: { version: string } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const described = openApiDocument(ROUTES, version);
  const document = described as unknown as Document;
  return {
    "docs/reference/openapi.json": `${JSON.stringify(described, null, 2)}\n`,
    "src/api/client/gen/schemas.ts": HEAD + schemas(document),
    "src/api/client/gen/operations.ts": HEAD + operations(document),
  };
}

function schemas({ components }: Document): string {
  return Object.entries(components.schemas)
    .map(([name, schema]) => `export interface ${name} ${typeOf(schema, "", (used) => used)}\n`)
    .join("\n");
}

function operations({ paths }: Document): string {
  const used = new Set<string>();
  const name = (schema: string) => {
    used.add(schema);
    return schema;
  };
  const entries = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => {
      const key = JSON.stringify(`${method.toUpperCase()} ${path}`);
      return `  /** ${operation.summary}. */\n  readonly ${key}: {\n${fieldsOf(operation, name)}  };\n`;
    }),
  );
  const body = `/** Every route of the API: what it takes and what it answers. */\nexport interface Operations {\n${entries.join("")}}\n`;
  return `import type { ${[...used].sort().join(", ")} } from "./schemas.ts";\n\n${body}`;
}

function fieldsOf(
  { parameters = [], requestBody, responses }: Operation,
  name: (schema: string) => string,
): string {
  const group = (where: string) => {
    const fields = parameters.filter((parameter) => parameter.in === where);
    if (fields.length === 0) return "undefined";
    const list = fields.map((field) => {
      // In an address everything is text; numbers are taken too.
      const type =
        field.schema.type === "integer" || field.schema.type === "number"
          ? "number"
          : typeOf(field.schema, "      ", name);
      return `      readonly ${keyOf(field.name)}${field.required ? "" : "?"}: ${type};\n`;
    });
    return `{\n${list.join("")}    }`;
  };
  const body = requestBody?.content["application/json"]?.schema;
  const bodyType =
    body === undefined
      ? "undefined"
      : typeOf(body, "    ", name) + (requestBody?.required ? "" : " | undefined");
  return `    readonly params: ${group("path")};\n    readonly query: ${group("query")};\n    readonly body: ${bodyType};\n    readonly response: ${answerOf(responses, name)};\n`;
}

/** Of the answers that go well: JSON as its type, everything else as what `open` gives. */
function answerOf(responses: Operation["responses"], name: (schema: string) => string): string {
  const good = Object.entries(responses).filter(([status]) => /^2/.test(status));
  const types = good.map(([, { content }]) => {
    const schema = content?.["application/json"]?.schema;
    if (schema !== undefined && schema.type !== "string") return typeOf(schema, "    ", name);
    return content === undefined ? "undefined" : "string";
  });
  return [...new Set(types)].join(" | ") || "undefined";
}

function typeOf(schema: Schema, indent: string, name: (schema: string) => string): string {
  if (schema.$ref !== undefined) return name(schema.$ref.split("/").at(-1) ?? "unknown");
  if (schema.anyOf !== undefined) {
    return [...new Set(schema.anyOf.map((each) => typeOf(each, indent, name)))].join(" | ");
  }
  if (schema.enum !== undefined) return schema.enum.map((value) => JSON.stringify(value)).join(" | ");
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (Array.isArray(schema.type)) {
    return schema.type.map((type: string) => typeOf({ ...schema, type }, indent, name)).join(" | ");
  }
  switch (schema.type) {
    case "string":
    case "boolean":
    case "null":
      return schema.type;
    case "integer":
    case "number":
      return "number";
    case "array": {
      const item = schema.items === undefined ? "unknown" : typeOf(schema.items, indent, name);
      return `readonly ${/[ |]/.test(item) && !item.startsWith("{") ? `(${item})` : item}[]`;
    }
    case "object":
      return objectOf(schema, indent, name);
    default:
      return "unknown";
  }
}

function objectOf(schema: Schema, indent: string, name: (schema: string) => string): string {
  if (schema.properties === undefined) {
    const { additionalProperties } = schema;
    const value =
      typeof additionalProperties === "object" ? typeOf(additionalProperties, indent, name) : "unknown";
    return `{ readonly [key: string]: ${value} }`;
  }
  const inner = `${indent}  `;
  const fields = Object.entries(schema.properties).map(([key, property]) => {
    const doc =
      property.description === undefined
        ? ""
        : `${inner}/** ${property.description.replaceAll("*/", "* /")} */\n`;
    const optional = schema.required?.includes(key) ? "" : "?";
    return `${doc}${inner}readonly ${keyOf(key)}${optional}: ${typeOf(property, inner, name)};\n`;
  });
  return `{\n${fields.join("")}${indent}}`;
}

const keyOf = (key: string) => (/^[A-Za-z_$][\w$]*$/.test(key) ? key : JSON.stringify(key));
