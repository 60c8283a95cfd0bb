/** Why nodes with `needs` make no plan. */
export type GraphProblem =
  | {
      readonly kind: "cycle";
      /** Each needs the next, the last is the first again: `["a", "b", "a"]`. */
      readonly path: readonly string[];
      readonly message: string;
    }
  | {
      readonly kind: "unknown-needs";
      readonly id: string;
      readonly need: string;
      /** A known id that may have been meant. */
      readonly suggestion?: string;
      readonly message: string;
    }
  | { readonly kind: "duplicate-id"; readonly id: string; readonly message: string };
