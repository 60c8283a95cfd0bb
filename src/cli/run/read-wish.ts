import { EVENT_NAMES } from "../../github-context/event-names.ts";
import { suggest } from "../../spec/suggest.ts";
import { UsageError } from "../usage-error.ts";

/** What the arguments ask for, before any pipeline was parsed. */
export interface Arguments {
  /** Absolute paths; undefined: the project's own. */
  readonly files: readonly string[] | undefined;
  /** The files were named one by one, not by their folder: they run whatever their filters say. */
  readonly named: boolean;
  readonly jobs: readonly string[];
  readonly event: string | undefined;
  /** A word that is no file: the id of a job, else an event. */
  readonly word: string | undefined;
}

export interface ArgumentReader {
  readonly positionals: readonly string[];
  readonly workflows: readonly string[];
  readonly jobs: readonly string[];
  readonly event: string | undefined;
  /** The files of --workflows. Throws `UsageError`. */
  readonly namedPipelines: (names: readonly string[]) => {
    readonly paths: readonly string[];
    readonly named: boolean;
  };
  /** The file a word names. Throws `UsageError`. */
  readonly findFile: (word: string) => string | undefined;
}

/**
 * `[file-or-job] [event]`: the first word is a file where there is one of this path or name, else (decided by
 * `settleWord`) a job where there is one, else an event. With two words the second is always the event.
 */
export function readArguments(reader: ArgumentReader): Arguments {
  const [first, second] = reader.positionals;
  if (second !== undefined && reader.event !== undefined && second !== reader.event)
    throw new UsageError(`Two events are given: ${second}, and --event ${reader.event}.`);
  const event = second ?? reader.event;
  if (event !== undefined) checkEvent(event);
  const given = reader.workflows.length > 0 ? reader.namedPipelines(reader.workflows) : undefined;
  const file = first === undefined || given !== undefined ? undefined : reader.findFile(first);
  return {
    files: file === undefined ? given?.paths : [file],
    named: file !== undefined || given?.named === true,
    jobs: reader.jobs,
    event,
    word: file === undefined ? first : undefined,
  };
}

/** Says what the word means, now that the jobs are known. */
export function settleWord(
  { word, jobs, event }: Arguments,
  jobIds: ReadonlySet<string>,
  fileNames: readonly string[],
): { jobs: readonly string[]; event: string | undefined; note?: string } {
  if (word === undefined) return { jobs, event };
  const isEvent = EVENT_NAMES.has(word);
  if (jobIds.has(word.toLowerCase())) {
    return {
      jobs: [...jobs, word],
      event,
      ...(isEvent ? { note: `"${word}" is taken as the job; for the event say --event ${word}.` } : {}),
    };
  }
  if (isEvent && (event === undefined || event === word)) return { jobs, event: word };
  const meant = suggest(word, [...fileNames, ...jobIds, ...EVENT_NAMES]);
  throw new UsageError(
    `There is no pipeline file, job or event "${word}".`,
    meant === undefined ? "`slipway list` shows what there is." : `Did you mean "${meant}"?`,
  );
}

export function checkEvent(event: string): void {
  if (EVENT_NAMES.has(event)) return;
  const meant = event === "tag" ? undefined : suggest(event, EVENT_NAMES);
  const hint =
    event === "tag"
      ? 'A tag is a push: give --eventpath a file with {"ref": "refs/tags/NAME"}, or check the tag out.'
      : meant === undefined
        ? "Events have the names GitHub gives them: push, pull_request, workflow_dispatch, schedule, …"
        : `Did you mean ${meant}?`;
  throw new UsageError(`There is no event "${event}".`, hint);
}
