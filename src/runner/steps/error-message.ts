import { ExecError } from "../../errors.ts";
import { ExpressionError } from "../../spec/expressions/evaluate.ts";
import { describeFileError } from "./describe-file-error.ts";

/** What a person is told of an error that ended a step. */
export function errorMessage(error: unknown): string {
  if (error instanceof ExecError || error instanceof ExpressionError) return error.message;
  if (!(error instanceof Error)) return `The runner failed: ${String(error)}`;
  if ("code" in error && "syscall" in error) return describeFileError("The runner failed", error).message;
  return `The runner failed: ${error.message}`;
}

export function isCancellation(error: unknown): boolean {
  return error instanceof ExecError && error.code === "Cancelled";
}
