/** Is it an IANA name (`Europe/Berlin`, `UTC`), as `timezone` of a schedule wants it? */
export function isTimezone(name: string): boolean {
  if (/^[+-]/.test(name)) return false;
  try {
    return new Intl.DateTimeFormat("en", { timeZone: name }) !== undefined;
  } catch {
    return false;
  }
}
