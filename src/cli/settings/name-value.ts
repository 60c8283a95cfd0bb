import { UsageError } from "../usage-error.ts";

/** `name=value`, or `name` alone. The value may hold anything, also `=`. Never names the value in an error. */
export function splitNameValue(text: string, option: string): { name: string; value: string | undefined } {
  const at = text.indexOf("=");
  const name = (at === -1 ? text : text.slice(0, at)).trim();
  if (name === "") throw new UsageError(`${option} needs a name: ${option} name=value.`);
  return { name, value: at === -1 ? undefined : text.slice(at + 1) };
}

/** `--input name=value`, where a name without a value is an error. */
export function requireValues(texts: readonly string[], option: string): { [name: string]: string } {
  return Object.fromEntries(
    texts.map((text) => {
      const { name, value } = splitNameValue(text, option);
      if (value === undefined)
        throw new UsageError(`${option} ${name} has no value: ${option} ${name}=value.`);
      return [name, value];
    }),
  );
}

/** `--matrix key:value`, several values of a key are alternatives. */
export function parseMatrixFilter(texts: readonly string[]): { [key: string]: string[] } {
  const filter: { [key: string]: string[] } = {};
  for (const text of texts) {
    const at = text.indexOf(":");
    if (at < 1) throw new UsageError(`--matrix ${text} is not of the form key:value.`);
    const key = text.slice(0, at);
    filter[key] = [...(filter[key] ?? []), text.slice(at + 1)];
  }
  return filter;
}
