const BEYOND_ASCII = /[\u0080-\uffff]/g;

/**
 * The same JSON in ASCII alone. Docker keeps long lines of output in pieces of 16 KiB, cut anywhere, and puts U+FFFD in the
 * place of the halves of a character that was cut: what is read again from its log would be no frame any more.
 */
export function asciiJson(json: string): string {
  return json.replace(BEYOND_ASCII, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
