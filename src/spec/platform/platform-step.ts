import type { TextRange } from "../source-text.ts";
import type { TextNode } from "./yaml-source.ts";

/** A step of a `.platform.yaml`, as written; what is missing has been told. */
export interface PlatformStep {
  readonly name: TextNode;
  readonly image: TextNode | undefined;
  readonly commands: readonly TextNode[];
  readonly environment: readonly { readonly name: TextNode; readonly value: TextNode }[];
  /** Absent: after the step before it. */
  readonly dependsOn: readonly TextNode[] | undefined;
  readonly range: TextRange;
}
