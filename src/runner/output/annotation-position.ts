export interface AnnotationPosition {
  readonly line?: number;
  readonly endLine?: number;
  readonly column?: number;
  readonly endColumn?: number;
}

/**
 * The position that a `notice`, `warning` or `error` command names, with what makes no sense left out, by GitHub's
 * rules; `complain` hears why. `properties` are the command's, names in lower case.
 */
export function annotationPosition(
  command: string,
  properties: ReadonlyMap<string, string>,
  complain: (problem: string) => void,
): AnnotationPosition {
  let line = integer(properties.get("line"));
  let endLine = integer(properties.get("endline"));
  let column = integer(properties.get("col"));
  let endColumn = integer(properties.get("endcolumn"));
  const invalid = (why: string) => complain(`Invalid ${command} command value. ${why}`);

  if (endLine !== undefined && line === undefined) {
    invalid("'endLine' can only be set if 'line' is provided");
    line = endLine;
  }
  if (endColumn !== undefined && column === undefined) {
    invalid("'endColumn' can only be set if 'col' is provided");
    column = endColumn;
  }
  if (line === undefined && column !== undefined) {
    invalid("'col' and 'endColumn' can only be set if 'line' value is provided.");
    column = endColumn = undefined;
  }
  if (endLine !== undefined && line !== endLine && column !== undefined) {
    invalid("'col' and 'endColumn' cannot be set if 'line' and 'endLine' are different values.");
    column = endColumn = undefined;
  }
  if (line !== undefined && endLine !== undefined && endLine < line) {
    invalid("'endLine' cannot be less than 'line'.");
    line = endLine = undefined;
  }
  if (column !== undefined && endColumn !== undefined && endColumn < column) {
    invalid("'endColumn' cannot be less than 'col'.");
    column = endColumn = undefined;
  }
  return {
    ...(line !== undefined && { line }),
    ...(endLine !== undefined && { endLine }),
    ...(column !== undefined && { column }),
    ...(endColumn !== undefined && { endColumn }),
  };
}

function integer(text: string | undefined): number | undefined {
  return text !== undefined && /^\s*[+-]?\d{1,10}\s*$/.test(text) ? Number(text) : undefined;
}
