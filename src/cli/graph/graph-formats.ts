import type { JobGraph } from "./job-node.ts";

/** For a Markdown page: https://mermaid.js.org/syntax/flowchart.html */
export function graphMermaid({ nodes }: JobGraph): string {
  const names = new Map(nodes.map(({ id }, index) => [id, `j${index}`]));
  const lines = nodes.map(({ id, name }) => `  ${names.get(id)}["${mermaidText(name)}"]`);
  const edges = nodes.flatMap(({ id, needs }) =>
    needs.map((need) => `  ${names.get(need)} --> ${names.get(id)}`),
  );
  return `${["flowchart LR", ...lines, ...edges].join("\n")}\n`;
}

function mermaidText(text: string): string {
  return text.replace(/["#<>&`]/g, (character) => `#${character.codePointAt(0)};`).replace(/\s+/g, " ");
}

/** For Graphviz: https://graphviz.org/doc/info/lang.html */
export function graphDot({ nodes }: JobGraph, title: string): string {
  const lines = nodes.map(({ id, name }) => `  ${quote(id)} [label=${quote(name)}];`);
  const edges = nodes.flatMap(({ id, needs }) => needs.map((need) => `  ${quote(need)} -> ${quote(id)};`));
  return `${[`digraph ${quote(title)} {`, "  rankdir=LR;", "  node [shape=box, style=rounded];", ...lines, ...edges, "}"].join("\n")}\n`;
}

function quote(text: string): string {
  return `"${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replace(/\s+/g, " ")}"`;
}

/** `{version, file, name, batches, jobs}`. */
export function graphJson({ nodes, plan }: JobGraph, file: string, name: string): string {
  const jobs = nodes.map(({ runsOn, matrix, uses, condition, ...node }) => ({
    ...node,
    ...(runsOn === undefined ? {} : { runsOn }),
    ...(matrix === undefined ? {} : { matrix }),
    ...(uses === undefined ? {} : { uses }),
    ...(condition === undefined ? {} : { if: condition }),
  }));
  return `${JSON.stringify({ version: 1, file, name, batches: plan.batches, jobs }, undefined, 2)}\n`;
}
