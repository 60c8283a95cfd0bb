/** PostgreSQL keeps no NUL in text. A value shows one as U+FFFD in both engines, so that they agree. */
export function plainText(value: string): string {
  return value.includes("\0") ? value.replaceAll("\0", "\ufffd") : value;
}
