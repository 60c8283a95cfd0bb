/** What a command takes, as data: parsing, help and shell completion all read the same table. */
export interface OptionSpec {
  /** Long name without the dashes. */
  readonly name: string;
  /** One letter. */
  readonly short?: string;
  /** Other long names that mean the same. */
  readonly aliases?: readonly string[];
  /** What the value is called in help, e.g. `name=value`. Absent: a switch. */
  readonly value?: string;
  /** May be given more than once. */
  readonly repeat?: true;
  readonly help: string;
  /** Heading it stands under in help. */
  readonly group: string;
  /** What a shell offers for the value. */
  readonly complete?: "file" | "folder" | "job" | "event" | readonly string[];
}

/** The shape parsing gives for a table: switches are booleans, repeated options lists, others a string or nothing. */
export type OptionValues<Specs extends readonly OptionSpec[]> = {
  readonly [Spec in Specs[number] as Spec["name"]]: Spec extends { value: string }
    ? Spec extends { repeat: true }
      ? readonly string[]
      : string | undefined
    : boolean;
};

export interface CommandSpec<Specs extends readonly OptionSpec[] = readonly OptionSpec[]> {
  readonly name: string;
  /** One line. */
  readonly summary: string;
  /** What follows the options, e.g. `[file-or-job] [event]`. */
  readonly usage: string;
  /** Paragraphs of help, below the summary. */
  readonly about: readonly string[];
  /** Command line and what it does. */
  readonly examples: readonly (readonly [string, string])[];
  readonly options: Specs;
  /** What its first argument may be, where that is one of few. */
  readonly verbs?: readonly string[];
  /** Options of other programs that are understood but not taken: long name to why. */
  readonly foreign?: readonly ForeignOption[];
  readonly maxPositionals: number;
}

/** An option that people know from elsewhere and that means nothing here. */
export interface ForeignOption {
  readonly name: string;
  readonly short?: string;
  readonly takesValue: boolean;
  /** `refuse`: the run would not do what was asked. `note`: the run does it anyway, or nothing is lost. */
  readonly answer: "refuse" | "note";
  readonly why: string;
}
