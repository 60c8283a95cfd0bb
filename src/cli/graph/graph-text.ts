import type { Palette } from "../output/color.ts";
import { plainScreenText } from "../output/screen-text.ts";
import { fitText, textWidth } from "../output/text-width.ts";
import type { JobGraph, JobNode } from "./job-node.ts";

/**
 * The graph for a terminal: a box for each job, in the rows in which they can start at the soonest. What each waits for
 * stands in its box, so that no line has to be followed across the screen.
 */
export function graphText({ nodes, plan }: JobGraph, columns: number, style: Palette): string {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const rows = plan.batches.map((batch) => batch.flatMap((id) => byId.get(id) ?? []));
  return `${rows.map((row) => rowText(row, columns, style)).join(`\n${style.dim("  │\n  ▼")}\n`)}\n`;
}

function rowText(row: readonly JobNode[], columns: number, style: Palette): string {
  const boxes = row.map((node) => box(node, columns, style));
  const lines: string[] = [];
  let shelf: Box[] = [];
  let width = 0;
  const flush = () => {
    if (shelf.length > 0) lines.push(...sideBySide(shelf));
    shelf = [];
    width = 0;
  };
  for (const each of boxes) {
    if (width + each.width > columns - 1) flush();
    shelf.push(each);
    width += each.width + 1;
  }
  flush();
  return lines.join("\n");
}

interface Box {
  readonly width: number;
  readonly lines: readonly string[];
}

function box(node: JobNode, columns: number, style: Palette): Box {
  const most = Math.max(8, Math.min(44, columns - 6));
  const texts = [
    node.name === node.id ? node.id : `${node.name} (${node.id})`,
    ...(node.needs.length > 0 ? [`after ${node.needs.join(", ")}`] : []),
    ...(node.matrix === undefined ? [] : [`matrix ${node.matrix}`]),
    ...(node.uses === undefined ? [] : [`calls ${node.uses}`]),
  ].map((text) => fitText(plainScreenText(text), most));
  const inner = Math.max(...texts.map(textWidth));
  const edge = style.dim("│");
  return {
    width: inner + 4,
    lines: [
      style.dim(`╭${"─".repeat(inner + 2)}╮`),
      ...texts.map((text, index) => {
        const padded = text + " ".repeat(inner - textWidth(text));
        return `${edge} ${index === 0 ? style.bold(padded) : style.dim(padded)} ${edge}`;
      }),
      style.dim(`╰${"─".repeat(inner + 2)}╯`),
    ],
  };
}

function sideBySide(boxes: readonly Box[]): string[] {
  const height = Math.max(...boxes.map(({ lines }) => lines.length));
  return Array.from({ length: height }, (_, row) =>
    boxes
      .map(({ lines, width }) => lines[row] ?? " ".repeat(width))
      .join(" ")
      .trimEnd(),
  );
}
