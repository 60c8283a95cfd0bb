import { ExecError } from "../errors.ts";
import { ExpressionError } from "../spec/expressions/expression-error.ts";
import type { SourcePosition, TemplateValue } from "../spec/template/template-value.ts";

/** A mistake in a pipeline file that only showed when the build ran. */
export function locatedError(file: string, at: SourcePosition, message: string): ExecError {
  return new ExecError("InvalidSpec", `${file}:${at.line}:${at.column}: ${message}`);
}

/** The place of a value where it has one of its own, else the place of what it belongs to. */
export function positionOf(value: TemplateValue | undefined, owner: SourcePosition): SourcePosition {
  return typeof value === "object" && value?.kind === "expression" ? value.at : owner;
}

/** What an error says to a person. */
export function messageOf(error: unknown): string {
  if (error instanceof ExecError || error instanceof ExpressionError) return error.message;
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}
