import { z } from "zod";
import type { JsonObject } from "../../json.ts";
import type { Access, ApiRoute } from "../rest/route.ts";
import { problemSchema } from "../rest/views/problem-view.ts";
import { apiSchemas } from "../rest/views/schema.ts";

type Schema = Record<string, unknown>;

/** OpenAPI 3.1 of the routes: JSON Schema 2020-12 straight from what checks requests. */
export function openApiDocument(routes: readonly ApiRoute[], version: string): JsonObject {
  const schemas: Record<string, Schema> = {};
  const problem = schemaOf(problemSchema, "output", schemas);
  const paths: Record<string, Record<string, unknown>> = {};
  for (const route of routes) {
    const methods = paths[route.path] ?? {};
    paths[route.path] = methods;
    methods[route.method.toLowerCase()] = operation(route, problem, schemas);
  }
  const document = {
    openapi: "3.1.1",
    info: {
      title: "Slipway",
      version,
      description: [
        "The API of a Slipway server. `/api` is the newest version, now `/api/v1`.",
        "**Who asks**: `Authorization: Bearer <token>`. Pages in a browser have a session's cookie instead, which changes things only from the server's own pages. What a token may not see is answered as if it were not there.",
        "**Mistakes** are `application/problem+json` (RFC 9457); tell them apart by `code`. 503 comes with `Retry-After`.",
        "**Lists** have `items` and, where there is more, `next`: the `cursor` of the next page.",
        "**Once only**: every POST takes an `Idempotency-Key`. The same key again gets the first answer for 24 hours (`Idempotency-Replayed: true`); with another body it is refused by 422, while the first is being worked on by 409. A request that failed may be tried again with its key.",
        "**Times** are ISO 8601 in UTC; durations are milliseconds. Fields that do not apply are absent.",
      ].join("\n\n"),
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
    },
    servers: [{ url: "/api/v1" }],
    security: [{ bearer: [] }, { session: [] }],
    tags: [...new Set(routes.map(({ tag }) => tag))].map((name) => ({ name })),
    paths,
    components: {
      schemas: Object.fromEntries(Object.entries(schemas).sort(([a], [b]) => (a < b ? -1 : 1))),
      securitySchemes: {
        bearer: { type: "http", scheme: "bearer" },
        session: { type: "apiKey", in: "cookie", name: "slipway_session" },
      },
    },
  };
  return JSON.parse(JSON.stringify(document));
}

function operation(route: ApiRoute, problem: Schema, schemas: Record<string, Schema>): unknown {
  const parameters = [
    ...parametersOf(route.params, "path", schemas),
    ...parametersOf(route.query, "query", schemas),
    ...(route.method === "POST"
      ? [
          {
            name: "Idempotency-Key",
            in: "header",
            required: false,
            schema: { type: "string", minLength: 1, maxLength: 255 },
          },
        ]
      : []),
  ];
  return {
    operationId: route.id,
    tags: [route.tag],
    summary: route.summary,
    description: [route.description, `Needs: ${accessText(route.access)}.`].filter(Boolean).join("\n\n"),
    ...(route.access.of === "public" || route.access.of === "badge"
      ? { security: [{}, { bearer: [] }, { session: [] }] }
      : {}),
    ...(parameters.length > 0 && { parameters }),
    ...(route.body !== undefined && {
      requestBody: {
        required: route.bodyOptional !== true,
        content: { "application/json": { schema: schemaOf(route.body, "input", schemas) } },
      },
    }),
    responses: {
      ...Object.fromEntries(
        Object.entries(route.responses).map(([status, { description, schema, contentType }]) => [
          status,
          {
            description,
            ...(schema !== undefined && {
              content: { "application/json": { schema: schemaOf(schema, "output", schemas) } },
            }),
            ...(contentType !== undefined && {
              content: Object.fromEntries(
                [contentType].flat().map((type) => [type || "text/plain", { schema: { type: "string" } }]),
              ),
            }),
          },
        ]),
      ),
      default: {
        description: "A problem.",
        content: { "application/problem+json": { schema: problem } },
      },
    },
  };
}

function accessText(access: Access): string {
  switch (access.of) {
    case "project":
    case "build":
      return `\`${access.permission}\` for the project`;
    case "server":
      return `\`${access.permission}\` for the whole server`;
    case "any":
      return "any token";
    case "badge":
      return "`project:read` for the project, unless its badges are public";
    case "public":
      return "nothing";
  }
}

function parametersOf(
  object: z.ZodObject | undefined,
  where: "path" | "query",
  schemas: Record<string, Schema>,
): unknown[] {
  if (object === undefined) return [];
  const whole = schemaOf(object, "input", schemas) as {
    properties?: Record<string, Schema>;
    required?: readonly string[];
  };
  return Object.entries(whole.properties ?? {}).map(([name, { description, ...schema }]) => ({
    name,
    in: where,
    required: where === "path" || (whole.required?.includes(name) ?? false),
    ...(description !== undefined && { description }),
    schema,
  }));
}

/** The schema, with those that have a name moved to the components. */
function schemaOf(schema: z.ZodType, io: "input" | "output", schemas: Record<string, Schema>): Schema {
  const {
    $schema: _,
    $defs,
    ...own
  } = z.toJSONSchema(schema, {
    metadata: apiSchemas,
    io,
    target: "draft-2020-12",
    unrepresentable: "any",
    override: ({ zodSchema, jsonSchema }) => {
      const { description } = z.globalRegistry.get(zodSchema) ?? {};
      if (description !== undefined) jsonSchema.description = description;
      // Answers may gain fields: clients must not refuse them.
      if (io === "output" && jsonSchema.additionalProperties === false)
        delete jsonSchema.additionalProperties;
      // What JSON cannot say otherwise; as noise it hides the rest.
      if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
      if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
      if (jsonSchema.format === "date-time") delete jsonSchema.pattern;
    },
  }) as Schema & { $defs?: Record<string, Schema> };
  for (const [name, { id: _id, ...definition }] of Object.entries($defs ?? {})) {
    schemas[name] = linked(definition) as Schema;
  }
  const { id: _own, ...rest } = own as Schema;
  return linked(rest) as Schema;
}

function linked(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(linked);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => [
      key,
      key === "$ref" && typeof each === "string"
        ? each.replace("#/$defs/", "#/components/schemas/")
        : linked(each),
    ]),
  );
}
