import { layoutRow } from "../live/frame-row.ts";
import { stateIcon } from "../live/state-icon.ts";
import { visibleJobs } from "../live/visible-jobs.ts";
import { buildSubtitle, isPlainExit, stepFailure } from "../live/work-words.ts";
import type { Palette } from "../output/color.ts";
import { formatDuration } from "../output/duration.ts";
import { foldGroups, type LogLine } from "../output/fold-groups.ts";
import { coloredScreenText, plainScreenText } from "../output/screen-text.ts";
import { textWidth } from "../output/text-width.ts";
import type {
  AnnotationRecord,
  BuildRecord,
  JobRecord,
  RunRecord,
  StepRecord,
} from "../record/run-record.ts";
import type { RunEnd } from "../view/run-end.ts";
import { formatBytes } from "./format-bytes.ts";

export interface SummaryOptions {
  readonly style: Palette;
  readonly columns: number;
  /** The end of a failed step's output, where nobody has seen it yet. */
  readonly tails: boolean;
  /** Folder with the full log of every job. */
  readonly logFolder?: string | undefined;
}

const MAX_COLUMNS = 100;
const TAIL_LINES = 30;
const MAX_ANNOTATIONS = 50;

/** What is left on the screen when a run has ended: jobs with their durations, failures, and what they made. */
export function summaryText(record: RunRecord, end: RunEnd, options: SummaryOptions): string {
  const sections = [
    ...record.builds.map((build) => buildText(build, options)),
    annotationsText(record, options),
    summariesText(record, options),
    artifactsText(record, end, options),
    foldersText(end, options),
    verdict(record, options),
  ];
  return `\n${sections.filter((section) => section !== "").join("\n\n")}\n`;
}

function buildText(build: BuildRecord, options: SummaryOptions): string {
  const { style } = options;
  const columns = Math.min(MAX_COLUMNS, options.columns - 1);
  const head = layoutRow(
    {
      indent: 0,
      ...stateIcon({ state: build.result ?? "cancelled", forgiven: false }, style),
      name: plainScreenText(build.title),
      nameStyle: style.bold,
      detail: buildSubtitle(build),
      ...(build.durationMs === undefined ? {} : { right: formatDuration(build.durationMs) }),
    },
    columns,
    style,
  );
  const isPlainCancel = build.error === "The build was cancelled.";
  const error =
    build.error === undefined || isPlainCancel ? [] : [`  ${style.red(plainScreenText(build.error))}`];
  const warnings = options.tails
    ? build.warnings.map(({ message }) => `  ${style.yellow("warning:")} ${plainScreenText(message)}`)
    : [];
  const jobs = visibleJobs(build).flatMap((job) => jobText(job, columns, options));
  return [head, ...error, ...warnings, ...jobs].join("\n");
}

function jobText(job: JobRecord, columns: number, options: SummaryOptions): string[] {
  const { style } = options;
  const isSkipped = job.state === "skipped";
  const failed = [...job.steps.values()].filter(({ state, forgiven }) => state === "failure" && !forgiven);
  const isSaid = failed.some((step) => step.error !== undefined && step.error === job.error);
  const error = (job.state === "failure" || job.state === "cancelled") && !isSaid ? job.error : undefined;
  const reason = isSkipped ? plainScreenText(job.reason ?? "skipped") : "";
  // A reason is of use only whole.
  const fits = textWidth(job.name) + textWidth(reason) + 6 <= columns;
  const detail = isSkipped
    ? fits
      ? reason
      : undefined
    : job.forgiven
      ? "failed, the build goes on"
      : job.environmentUrl;
  const head = layoutRow(
    {
      indent: 2,
      ...stateIcon(job, style),
      name: plainScreenText(job.name),
      ...(isSkipped ? { nameStyle: style.dim } : {}),
      ...(detail === undefined ? {} : { detail: plainScreenText(detail) }),
      ...(job.durationMs === undefined || isSkipped || job.startedAt === undefined
        ? {}
        : { right: formatDuration(job.durationMs) }),
    },
    columns,
    style,
  );
  const errors = (error ?? "").split("\n").filter((line) => line !== "");
  return [
    head,
    ...(fits ? [] : [`      ${style.dim(reason)}`]),
    ...errors.map((line) => `      ${style.red(plainScreenText(line))}`),
    ...failed.flatMap((step) => stepText(step, columns, options)),
    ...(failed.length === 0 && job.state === "failure" && options.tails
      ? tailText(job.tail.lines, options)
      : []),
  ];
}

function stepText(step: StepRecord, columns: number, options: SummaryOptions): string[] {
  const { style } = options;
  const inOwnWords = step.error === undefined || isPlainExit(step.error) ? undefined : step.error;
  const head = layoutRow(
    {
      indent: 4,
      ...stateIcon(step, style),
      name: plainScreenText(step.name),
      ...(inOwnWords === undefined ? { detail: stepFailure(step), detailStyle: style.red } : {}),
      ...(step.durationMs === undefined ? {} : { right: formatDuration(step.durationMs) }),
    },
    columns,
    style,
  );
  const error = (inOwnWords ?? "").split("\n").filter((line) => line !== "");
  return [
    head,
    ...error.map((line) => `      ${style.red(plainScreenText(line))}`),
    ...(options.tails ? tailText(step.tail.lines, options, step.error) : []),
  ];
}

/** `said` stands above already. */
function tailText(lines: readonly string[], { style }: SummaryOptions, said?: string): string[] {
  const folded = foldGroups(lines).filter(({ kind, text }) => kind !== "group" || !text.startsWith("Run "));
  while (folded.length > 0 && isSpare(folded.at(-1), said)) folded.pop();
  const shown = folded.slice(-TAIL_LINES);
  const bar = `      ${style.dim("│")} `;
  const hidden = folded.length - shown.length;
  return [
    ...(hidden > 0
      ? [`${bar}${style.dim(`… ${hidden} more ${hidden === 1 ? "line" : "lines"} above`)}`]
      : []),
    ...shown.map((line) => `${bar}${tailLine(line, style)}`),
  ];
}

function isSpare(line: LogLine | undefined, said: string | undefined): boolean {
  return (
    line === undefined ||
    line.text.trim() === "" ||
    (line.kind === "error" && (line.text === said || isPlainExit(line.text)))
  );
}

function tailLine({ kind, text }: LogLine, style: Palette): string {
  const safe = style.on ? coloredScreenText(text) : plainScreenText(text);
  switch (kind) {
    case "group":
      return style.dim(`▸ ${plainScreenText(text)}`);
    case "error":
      return style.red(`Error: ${plainScreenText(text)}`);
    case "warning":
      return style.yellow(`Warning: ${plainScreenText(text)}`);
    case "notice":
      return `Notice: ${plainScreenText(text)}`;
    default:
      return style.on && safe.includes("\x1b") ? `${safe}\x1b[0m` : safe;
  }
}

function annotationsText(record: RunRecord, { style }: SummaryOptions): string {
  const all = record.builds.flatMap((build) =>
    [...build.jobs.values()].flatMap((job) =>
      job.annotations
        .filter((annotation) => !isKnownFailure(annotation, job))
        .map((annotation) => ({ annotation, job })),
    ),
  );
  if (all.length === 0) return "";
  const lines = all
    .slice(0, MAX_ANNOTATIONS)
    .map(({ annotation, job }) => annotationLine(annotation, job, style));
  const more = all.length - lines.length;
  return [style.bold("Annotations"), ...lines, ...(more > 0 ? [style.dim(`  … ${more} more`)] : [])].join(
    "\n",
  );
}

/** The runner's own word that a step failed, which stands with the step already. */
function isKnownFailure({ level, file, message, step }: AnnotationRecord, job: JobRecord): boolean {
  if (level !== "error" || file !== undefined) return false;
  return (
    message === job.steps.get(step)?.error ||
    isPlainExit(message) ||
    message === "The operation was canceled."
  );
}

function annotationLine(annotation: AnnotationRecord, job: JobRecord, style: Palette): string {
  const { level, file, line, column, title, message } = annotation;
  const icon = { error: style.red("✗"), warning: style.yellow("!"), notice: style.blue("i") }[level];
  // A line of no file says nothing.
  const place = file === undefined ? "" : [file, line, column].filter((part) => part !== undefined).join(":");
  const step = job.steps.get(annotation.step);
  const from = `${job.name}${step === undefined ? "" : ` › ${step.name}`}`;
  const text = [title, message]
    .filter((part) => part !== undefined && part !== "")
    .join(": ")
    .split("\n")
    .map(plainScreenText)
    .join("\n      ");
  return `  ${icon} ${place === "" ? "" : `${style.bold(plainScreenText(place))}  `}${text}  ${style.dim(plainScreenText(from))}`;
}

function summariesText(record: RunRecord, { style }: SummaryOptions): string {
  const parts = record.builds.flatMap((build) =>
    [...build.jobs.values()].flatMap((job) =>
      [...job.steps.values()].flatMap((step) => {
        const markdown = step.summary?.trimEnd();
        if (markdown === undefined || markdown === "") return [];
        const title = style.dim(`${plainScreenText(job.name)} › ${plainScreenText(step.name)}`);
        const lines = markdown.split("\n").map((line) => `    ${plainScreenText(line)}`.trimEnd());
        return [`  ${title}\n${lines.join("\n")}`];
      }),
    ),
  );
  return parts.length === 0 ? "" : [style.bold("Summaries"), ...parts].join("\n");
}

function artifactsText(record: RunRecord, { artifacts }: RunEnd, { style }: SummaryOptions): string {
  const stored = artifacts.map(({ name, sizeBytes, path }) => ({
    name: plainScreenText(name),
    size: formatBytes(sizeBytes),
    place: plainScreenText(path),
  }));
  const said = record.builds.flatMap((build) =>
    [...build.jobs.values()].flatMap((job) => [...job.steps.values()].flatMap((step) => step.artifacts)),
  );
  if (stored.length + said.length === 0) return "";
  const name = Math.max(0, ...stored.map((each) => textWidth(each.name)));
  const size = Math.max(0, ...stored.map((each) => each.size.length));
  return [
    style.bold("Artifacts"),
    ...stored.map(
      (each) =>
        `  ${each.name}${" ".repeat(name - textWidth(each.name))}  ${style.dim(each.size.padStart(size))}  ${each.place}`,
    ),
    ...said.map((value) => `  ${plainScreenText(value)}`),
  ].join("\n");
}

function foldersText({ keptFolder }: RunEnd, { style, logFolder }: SummaryOptions): string {
  return [
    ...(logFolder === undefined ? [] : [`${style.bold("Full logs")}   ${logFolder}`]),
    ...(keptFolder === undefined ? [] : [`${style.bold("Workspaces")}  ${keptFolder}`]),
  ].join("\n");
}

/** The last line: what it all came to. */
function verdict(record: RunRecord, { style }: SummaryOptions): string {
  const jobs = record.builds.flatMap(visibleJobs);
  const number = (test: (job: JobRecord) => boolean) => jobs.filter(test).length;
  const failed = number(({ state, forgiven }) => state === "failure" && !forgiven);
  const cancelled = number(({ state }) => state === "cancelled");
  const skipped = number(({ state }) => state === "skipped");
  const done = number(({ state, forgiven }) => state === "success" || (state === "failure" && forgiven));
  const parts = [
    ...(failed > 0 ? [`${failed} failed`] : []),
    ...(cancelled > 0 ? [`${cancelled} cancelled`] : []),
    ...(done > 0 ? [`${done} done`] : []),
    ...(skipped > 0 ? [`${skipped} skipped`] : []),
  ];
  const results = record.builds.map(({ result }) => result);
  const text = `${jobs.length} ${jobs.length === 1 ? "job" : "jobs"}${parts.length === 0 ? "" : `: ${parts.join(", ")}`}`;
  if (results.includes("failure")) return style.red(`✗ Failed. ${text}`);
  if (results.some((result) => result === "cancelled" || result === undefined))
    return style.yellow(`■ Cancelled. ${text}`);
  return style.green(`✓ Succeeded. ${text}`);
}
