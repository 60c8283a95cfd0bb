/** What a `*_json` column holds, as the store itself has written it. */
export function storedJson<T>(text: string): T {
  return JSON.parse(text);
}
