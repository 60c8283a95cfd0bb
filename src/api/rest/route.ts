import type { z } from "zod";
import type { Permission } from "../../identity/permission.ts";
import type { LiveParts } from "../live/live-parts.ts";
import { type FieldError, RequestError } from "../problem.ts";
import type { Answer } from "./answer.ts";
import type { ApiDeps } from "./api-deps.ts";
import type { Call } from "./call.ts";

/**
 * Who may call a route.
 * `project`: the permission for the project in the path. `build`: for the project of the build in the path.
 * `server`: the permission over the whole server. `any`: whoever has a valid token; the route shows no more than that
 * token may see. `public`: everybody. `badge`: everybody where the project says so, else `project:read`.
 */
export type Access =
  | { readonly of: "project" | "build" | "server"; readonly permission: Permission }
  | { readonly of: "any" | "public" | "badge" };

/** What a route's handler calls. */
export interface ApiParts extends ApiDeps {
  readonly live: LiveParts;
}

export type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

export interface ResponseSpec {
  readonly description: string;
  readonly schema?: z.ZodType;
  /** Of a body that is no JSON of `schema`; several where the caller chooses by `Accept`. Empty text: any. */
  readonly contentType?: string | readonly string[];
}

/** One route: what is served, checked, documented and typed for clients, all from here. */
export interface ApiRoute {
  /** Unique: `startBuild`. */
  readonly id: string;
  readonly method: Method;
  /** As in OpenAPI: `/projects/{project}`. */
  readonly path: string;
  readonly tag: string;
  readonly summary: string;
  readonly description?: string;
  readonly access: Access;
  readonly params?: z.ZodObject;
  readonly query?: z.ZodObject;
  readonly body?: z.ZodType;
  /** True: the body may be left out. */
  readonly bodyOptional?: boolean;
  /** Those that go well; problems are the same everywhere. */
  readonly responses: { readonly [status: number]: ResponseSpec };
  /** The answer holds what is shown once: kept sealed for `Idempotency-Key`. */
  readonly secretAnswer?: boolean;
  /** The route needs the project's id only: no record is read to check the right. */
  readonly hot?: boolean;
  answer(raw: RawInput, call: Call, parts: ApiParts): Promise<Answer>;
}

export interface RawInput {
  readonly params: unknown;
  readonly query: unknown;
  readonly body: unknown;
}

type Parsed<T extends z.ZodType | undefined> = T extends z.ZodType ? z.output<T> : undefined;

export interface RouteSpec<
  P extends z.ZodObject | undefined,
  Q extends z.ZodObject | undefined,
  B extends z.ZodType | undefined,
> extends Omit<ApiRoute, "params" | "query" | "body" | "answer"> {
  readonly params?: P;
  readonly query?: Q;
  readonly body?: B;
  handle(
    input: { readonly params: Parsed<P>; readonly query: Parsed<Q>; readonly body: Parsed<B> },
    call: Call,
    parts: ApiParts,
  ): Promise<Answer>;
}

export function route<
  P extends z.ZodObject | undefined = undefined,
  Q extends z.ZodObject | undefined = undefined,
  B extends z.ZodType | undefined = undefined,
>(spec: RouteSpec<P, Q, B>): ApiRoute {
  const { handle, params, query, body, ...rest } = spec;
  return {
    ...rest,
    ...(params !== undefined && { params }),
    ...(query !== undefined && { query }),
    ...(body !== undefined && { body }),
    async answer(raw, call, parts) {
      const errors: FieldError[] = [];
      const input = {
        params: parse(params, raw.params, "params", errors) as Parsed<P>,
        query: parse(query, raw.query, "query", errors) as Parsed<Q>,
        body: parse(body, raw.body ?? (rest.bodyOptional ? {} : undefined), "body", errors) as Parsed<B>,
      };
      if (errors.length > 0) throw new RequestError("InvalidSpec", sentence(errors), { errors });
      return handle(input, call, parts);
    },
  };
}

function parse(schema: z.ZodType | undefined, value: unknown, where: string, errors: FieldError[]): unknown {
  if (schema === undefined) return undefined;
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  for (const issue of result.error.issues.slice(0, 50)) {
    errors.push({
      field: [where, ...issue.path.map(String)].join(".").slice(0, 300),
      message: issue.message.slice(0, 500),
    });
  }
  return undefined;
}

function sentence(errors: readonly FieldError[]): string {
  return errors
    .map(({ field, message }) => `${field}: ${message}`)
    .slice(0, 5)
    .join("; ");
}
