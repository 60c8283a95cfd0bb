import type { Palette, Style } from "../output/color.ts";
import type { WorkState } from "../record/run-record.ts";

const SPINNER = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];
const SPIN_MS = 100;

export interface StateIcon {
  readonly icon: string;
  readonly iconStyle: Style;
}

/** The sign of a job or step; `now` turns the spinner, undefined shows a standing sign. */
export function stateIcon(
  work: { readonly state: WorkState; readonly forgiven: boolean },
  style: Palette,
  now?: number,
): StateIcon {
  switch (work.state) {
    case "waiting":
      return { icon: "·", iconStyle: style.dim };
    case "running": {
      const frame = now === undefined ? "●" : SPINNER[Math.floor(now / SPIN_MS) % SPINNER.length];
      return { icon: frame ?? "●", iconStyle: style.cyan };
    }
    case "success":
      return { icon: "✓", iconStyle: style.green };
    case "failure":
      return work.forgiven ? { icon: "!", iconStyle: style.yellow } : { icon: "✗", iconStyle: style.red };
    case "cancelled":
      return { icon: "■", iconStyle: style.yellow };
    case "skipped":
      return { icon: "-", iconStyle: style.dim };
  }
}
