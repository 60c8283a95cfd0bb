/** Where a daemon gets the kit from. */
export type KitSource =
  /** A folder of this machine; it is sent, so the daemon may be anywhere. */
  | { readonly kind: "folder"; readonly folder: string }
  /** The runner image, which the daemon has. */
  | { readonly kind: "image"; readonly reference: string };

/** On what is the kit's in a daemon. */
export const KIT_LABELS = { "slipway.dev/role": "kit" } as const;
