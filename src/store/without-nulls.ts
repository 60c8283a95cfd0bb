/** What may be null in a row is absent in a record. */
export type WithoutNulls<T> = { [K in keyof T as null extends T[K] ? never : K]: T[K] } & {
  [K in keyof T as null extends T[K] ? K : never]?: Exclude<T[K], null>;
};

export function withoutNulls<T extends object>(fields: T): WithoutNulls<T> {
  const kept: Record<string, unknown> = {};
  for (const name in fields) if (fields[name] !== null) kept[name] = fields[name];
  return kept as WithoutNulls<T>;
}
