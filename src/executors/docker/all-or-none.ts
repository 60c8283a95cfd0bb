/**
 * Runs tasks side by side. The first that fails aborts the others' signal; its error is thrown once all have come to an
 * end, so that nothing is being made any more when things are taken away.
 */
export async function allOrNone<T>(
  signal: AbortSignal,
  tasks: readonly ((signal: AbortSignal) => Promise<T>)[],
): Promise<T[]> {
  const failed = new AbortController();
  const either = AbortSignal.any([signal, failed.signal]);
  let first: { readonly error: unknown } | undefined;
  const results = await Promise.all(
    tasks.map(async (task) => {
      try {
        return { value: await task(either) };
      } catch (error) {
        first ??= { error };
        failed.abort(error);
        return undefined;
      }
    }),
  );
  if (first !== undefined) throw first.error;
  return results.flatMap((result) => (result === undefined ? [] : [result.value]));
}
