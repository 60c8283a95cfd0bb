import { ExpressionError } from "./expression-error.ts";

/** A piece of a format string: text that stands for itself, or the number of an argument. */
export type FormatPiece = string | number;

const MAX_ARGUMENT = 255;

/**
 * The pieces of `format`'s first argument: `{0}` is an argument, `{{` and `}}` are braces. Throws `ExpressionError`
 * where it is malformed or names an argument that there is none of.
 */
export function parseFormat(format: string, argumentCount: number): FormatPiece[] {
  const pieces: FormatPiece[] = [];
  let index = 0;
  while (index < format.length) {
    const brace = nextBrace(format, index);
    if (brace < 0) {
      pieces.push(format.slice(index));
      break;
    }
    if (format[brace + 1] === format[brace]) {
      pieces.push(format.slice(index, brace + 1));
      index = brace + 2;
      continue;
    }
    const placeholder = /\{(\d+)(\}|:)/y;
    placeholder.lastIndex = brace;
    const match = placeholder.exec(format);
    const argument = Number(match?.[1]);
    if (!match || argument > MAX_ARGUMENT) throw invalid(format);
    if (match[2] === ":") rejectSpecifiers(format, brace + match[0].length);
    if (argument >= argumentCount) {
      throw new ExpressionError(
        `The following format string references more arguments than were supplied: ${format}`,
      );
    }
    if (brace > index) pieces.push(format.slice(index, brace));
    pieces.push(argument);
    index = brace + match[0].length;
  }
  return pieces;
}

function nextBrace(format: string, from: number): number {
  const left = format.indexOf("{", from);
  const right = format.indexOf("}", from);
  return left < 0 || right < 0 ? Math.max(left, right) : Math.min(left, right);
}

/** GitHub reads `{0:specifiers}` and then refuses whatever they are. */
function rejectSpecifiers(format: string, start: number): never {
  const specifiers = /(?:[^}]|\}\})*(?=\})/y;
  specifiers.lastIndex = start;
  const match = specifiers.exec(format);
  if (!match) throw invalid(format);
  throw new ExpressionError(`The format specifiers '${match[0].replaceAll("}}", "}")}' are not valid`);
}

function invalid(format: string): ExpressionError {
  return new ExpressionError(`The following format string is invalid: ${format}`);
}
