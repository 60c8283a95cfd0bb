/** The person asked for something that cannot be done as asked. Shown without a stack; exit code 2. */
export class UsageError extends Error {
  override readonly name = "UsageError";
  /** What to do about it, a sentence of its own. */
  readonly hint: string | undefined;

  constructor(message: string, hint?: string) {
    super(message);
    this.hint = hint;
  }
}
