import type { Environment } from "../io.ts";

/** Whether to colour a stream: FORCE_COLOR, then NO_COLOR, then TERM=dumb, then whether a terminal reads it. */
export function wantsColor(env: Environment, stream: { readonly isTTY: boolean }): boolean {
  const force = env.FORCE_COLOR;
  if (force !== undefined && force !== "") return force !== "0" && force !== "false";
  if (force === "") return true;
  if (env.NO_COLOR !== undefined && env.NO_COLOR !== "") return false;
  return stream.isTTY && env.TERM !== "dumb";
}

export type Style = (text: string) => string;

/** Styles that do nothing where colour is off. Each ends what it began, so they nest. */
export interface Palette {
  readonly on: boolean;
  readonly bold: Style;
  readonly dim: Style;
  readonly red: Style;
  readonly green: Style;
  readonly yellow: Style;
  readonly blue: Style;
  readonly magenta: Style;
  readonly cyan: Style;
  /** One of six colours, by number, for telling jobs apart. */
  job(index: number): Style;
}

const plain: Style = (text) => text;

/** SGR codes; none is red, which is for failures. */
const JOB_COLORS = [36, 33, 32, 35, 34, 96];

function sgr(begin: number, end: number): Style {
  return (text) => (text === "" ? "" : `\x1b[${begin}m${text}\x1b[${end}m`);
}

const COLORED: Palette = {
  on: true,
  bold: sgr(1, 22),
  dim: sgr(2, 22),
  red: sgr(31, 39),
  green: sgr(32, 39),
  yellow: sgr(33, 39),
  blue: sgr(34, 39),
  magenta: sgr(35, 39),
  cyan: sgr(36, 39),
  job: (index) => sgr(JOB_COLORS[index % JOB_COLORS.length] ?? 36, 39),
};

const PLAIN: Palette = {
  on: false,
  bold: plain,
  dim: plain,
  red: plain,
  green: plain,
  yellow: plain,
  blue: plain,
  magenta: plain,
  cyan: plain,
  job: () => plain,
};

export function palette(color: boolean): Palette {
  return color ? COLORED : PLAIN;
}
