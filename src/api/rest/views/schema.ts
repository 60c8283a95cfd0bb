import { z } from "zod";

/** Schemas with a name of their own in the OpenAPI document and among the client's types. */
export const apiSchemas = z.registry<{ id: string }>();

/** Gives a schema its name. */
export function named<T extends z.ZodType>(id: string, schema: T): T {
  apiSchemas.add(schema, { id });
  return schema;
}

/** ISO 8601 in UTC. */
export const time = z.iso.datetime();
export const isoTime = (ms: number) => new Date(ms).toISOString();

/** Without the fields that are undefined: they are left out of answers. */
export function present<T extends object>(fields: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  const kept: { [name: string]: unknown } = {};
  // Called for every job and step of a build: no lists in between.
  for (const name in fields) {
    if (fields[name] !== undefined) kept[name] = fields[name];
  }
  return kept as { [K in keyof T]: Exclude<T[K], undefined> };
}

export const pageQuery = z.object({
  cursor: z.string().max(2000).optional().describe("`next` of the page before."),
  limit: z.coerce.number().int().min(1).max(200).default(30),
});

export function pageOf<T extends z.ZodType>(item: T) {
  return z.object({
    items: z.array(item),
    next: z.string().optional().describe("Cursor of the next page; absent: there is no more."),
  });
}

export function pageView<T, V>(
  page: { readonly items: readonly T[]; readonly next?: string },
  view: (item: T) => V,
): { items: V[]; next?: string } {
  return { items: page.items.map(view), ...(page.next !== undefined && { next: page.next }) };
}

export function listOf<T extends z.ZodType>(item: T) {
  return z.object({ items: z.array(item) });
}
