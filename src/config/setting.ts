/** One setting of the server, as data: flags, environment, file, documentation and `--check` all read the same table. */
export interface Setting {
  readonly kind: SettingKind;
  /** One sentence for the reference. */
  readonly help: string;
  /** Heading in the reference and in `--check`. */
  readonly group: string;
  /** Variables of the environment, the first that is set counts. */
  readonly env: readonly string[];
  /** As text, read like any other source. Absent: the setting may stay without a value. */
  readonly default?: string;
  /** `secret`: never shown. `url`: shown without its password. */
  readonly hidden?: "secret" | "url";
  readonly values?: readonly string[];
  /** Smallest and largest value of a number, a size or a duration (ms). */
  readonly min?: number;
  readonly max?: number;
}

/**
 * `text`; `url` (with a scheme of `values`); `number` (whole); `switch` (true or false); `choice` (one of `values`);
 * `list` (separated by commas; each one of `values`, where there are some); `duration` (`500ms`, `30s`, `5m`, `2h`, `7d`,
 * as milliseconds); `size` (`512`, `64KiB`, `10MiB`, `2GiB`, as bytes); `address` (`host:port`, or a port on 127.0.0.1).
 */
export type SettingKind =
  | "text"
  | "url"
  | "number"
  | "switch"
  | "choice"
  | "list"
  | "duration"
  | "size"
  | "address";

export interface Address {
  readonly host: string;
  /** 0: a free one. */
  readonly port: number;
}

type Values = {
  text: string;
  url: string;
  number: number;
  switch: boolean;
  choice: string;
  list: readonly string[];
  duration: number;
  size: number;
  address: Address;
};

/** The type a setting's value has once it is read. */
export type ValueOf<S extends Setting> =
  | (S extends { kind: "choice"; values: readonly (infer V)[] }
      ? V
      : S extends { kind: "list"; values: readonly (infer V)[] }
        ? readonly V[]
        : Values[S["kind"]])
  | (S extends { default: string } ? never : undefined);
