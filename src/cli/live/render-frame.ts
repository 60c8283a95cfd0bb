import type { Palette } from "../output/color.ts";
import { formatDuration, formatElapsed } from "../output/duration.ts";
import { foldGroups } from "../output/fold-groups.ts";
import { plainScreenText } from "../output/screen-text.ts";
import { fitText } from "../output/text-width.ts";
import type { BuildRecord, JobRecord, RunRecord, StepRecord } from "../record/run-record.ts";
import { layoutRow, type RowContent } from "./frame-row.ts";
import { stateIcon } from "./state-icon.ts";
import { visibleJobs } from "./visible-jobs.ts";
import { buildSubtitle, stepFailure } from "./work-words.ts";

export interface FrameOptions {
  readonly columns: number;
  readonly rows: number;
  /** Unix time in milliseconds: turns the spinners and counts the running times. */
  readonly now: number;
  readonly style: Palette;
  /** No output of steps. */
  readonly quiet: boolean;
  /** Ctrl-C was pressed. */
  readonly cancelling: boolean;
}

/** What is shown first where there is not room for everything: lower wins. */
const PRIORITY = {
  build: 0,
  runningJob: 1,
  failedJob: 2,
  runningStep: 3,
  failedStep: 4,
  lastLine: 5,
  failedTail: 6,
  endedJob: 7,
  waitingJob: 8,
  moreLines: 9,
  endedStep: 10,
  waitingStep: 11,
} as const;

const RUNNING_LINES = 4;
const FAILED_LINES = 8;

interface Row {
  readonly priority: number;
  /** Breaks ties: larger first, then the order of the tree. */
  readonly recency: number;
  readonly make: (shown: ReadonlySet<Row>) => string;
}

/**
 * The live view as lines: the tree of builds, jobs and steps, and a line of counts. Never more lines than `rows` less
 * one, never a line wider than `columns` less one; what does not fit is left out by importance and counted.
 */
export function renderFrame(record: RunRecord, options: FrameOptions): string[] {
  const columns = Math.max(10, options.columns - 1);
  const rows = record.builds.flatMap((build) => buildRows(build, columns, options));
  const room = Math.max(1, options.rows - 3);
  let shown = new Set(rows);
  if (rows.length > room) {
    const byWeight = rows.toSorted((a, b) => a.priority - b.priority || b.recency - a.recency);
    shown = new Set(byWeight.slice(0, room));
  }
  const lines = rows.filter((row) => shown.has(row)).map((row) => row.make(shown));
  return [...lines, footer(record, rows.length - shown.size, columns, options)];
}

function buildRows(build: BuildRecord, columns: number, options: FrameOptions): Row[] {
  const { style, now } = options;
  const elapsed =
    build.durationMs === undefined ? formatElapsed(now - build.startedAt) : formatDuration(build.durationMs);
  const head = row(PRIORITY.build, 0, () =>
    layoutRow(
      {
        indent: 0,
        ...stateIcon({ state: build.result ?? "running", forgiven: false }, style, now),
        name: plainScreenText(build.title),
        nameStyle: style.bold,
        detail: buildSubtitle(build),
        right: elapsed,
      },
      columns,
      style,
    ),
  );
  return [head, ...visibleJobs(build).flatMap((job) => jobRows(job, build, columns, options))];
}

function jobRows(job: JobRecord, build: BuildRecord, columns: number, options: FrameOptions): Row[] {
  const { style, now } = options;
  const isRunning = job.state === "running";
  const steps = isRunning || job.state === "failure" ? [...job.steps.values()] : [];
  const stepRows = steps.map((step) => ({ step, rows: rowsOfStep(step, job, columns, options) }));
  const all = stepRows.flatMap(({ rows }) => rows);
  const running = stepRows.find(({ step }) => step.state === "running");
  const make = (shown: ReadonlySet<Row>) => {
    const hidden = steps.length > 0 && !all.some((each) => shown.has(each));
    const detail = jobDetail(job, build, hidden ? running?.step : undefined);
    const right = runningTime(job, now);
    const content: RowContent = {
      indent: 2,
      ...stateIcon(job, style, now),
      name: plainScreenText(job.name),
      ...(job.state === "waiting" || job.state === "skipped" ? { nameStyle: style.dim } : {}),
      ...(detail === undefined ? {} : { detail }),
      ...(right === undefined ? {} : { right }),
    };
    return layoutRow(content, columns, style);
  };
  const priority = isRunning
    ? PRIORITY.runningJob
    : job.state === "failure"
      ? PRIORITY.failedJob
      : job.state === "waiting"
        ? PRIORITY.waitingJob
        : PRIORITY.endedJob;
  const endedAt = (job.startedAt ?? 0) + (job.durationMs ?? 0);
  return [row(priority, priority === PRIORITY.endedJob ? endedAt : 0, make), ...all];
}

function jobDetail(job: JobRecord, build: BuildRecord, step: StepRecord | undefined): string | undefined {
  if (job.state === "waiting") {
    if (job.waitsFor !== undefined) return plainScreenText(job.waitsFor);
    const open = job.needs
      .map((key) => build.jobs.get(key))
      .filter((need) => need !== undefined && !isEnded(need));
    return open.length === 0 ? undefined : `after ${open.map((need) => need?.name).join(", ")}`;
  }
  if (step !== undefined) return `› ${plainScreenText(step.name)}`;
  if (job.state === "skipped") return plainScreenText(job.reason ?? "skipped");
  if (job.state === "failure" && job.error !== undefined)
    return plainScreenText(job.error.split("\n")[0] ?? "");
  return undefined;
}

function isEnded({ state }: JobRecord): boolean {
  return state !== "waiting" && state !== "running";
}

function rowsOfStep(step: StepRecord, job: JobRecord, columns: number, options: FrameOptions): Row[] {
  const { style, now, quiet } = options;
  const indent = step.parent === undefined ? 4 : 6;
  const failed = step.state === "failure" && !step.forgiven;
  const isRunning = step.state === "running";
  // What a finished job skipped says nothing.
  if (job.state !== "running" && !failed) return [];
  // Nor what only frames the steps of the file, unless it takes its time or fails.
  const isFrame = step.stage === "setup" || step.stage === "complete";
  if (isFrame && !isRunning && !failed) return [];
  const priority = isRunning
    ? PRIORITY.runningStep
    : failed
      ? PRIORITY.failedStep
      : step.state === "waiting"
        ? PRIORITY.waitingStep
        : PRIORITY.endedStep;
  const detail = failed ? stepFailure(step) : undefined;
  const right = runningTime(step, now);
  const head = row(priority, priority === PRIORITY.endedStep ? step.number : 0, () =>
    layoutRow(
      {
        indent,
        ...stateIcon(step, style, now),
        name: plainScreenText(step.name),
        ...(step.state === "waiting" || step.state === "skipped" ? { nameStyle: style.dim } : {}),
        ...(detail === undefined ? {} : { detail, detailStyle: style.red }),
        ...(right === undefined ? {} : { right }),
      },
      columns,
      style,
    ),
  );
  if (quiet || (!isRunning && !failed)) return [head];
  const lines = tailLines(step, isRunning ? RUNNING_LINES : FAILED_LINES);
  const tail = lines.map((text, index) => {
    const isLast = index === lines.length - 1;
    const weight = failed ? PRIORITY.failedTail : isLast ? PRIORITY.lastLine : PRIORITY.moreLines;
    const bar = style.dim("│");
    return row(weight, index, () => {
      const room = columns - indent - 4;
      const fitted = fitText(text, room);
      return `${" ".repeat(Math.min(indent, Math.floor(columns / 4)) + 2)}${bar} ${failed ? fitted : style.dim(fitted)}`;
    });
  });
  return [head, ...tail];
}

/** The last lines worth a look: safe for the terminal, groups folded, empty ones and the shell's own header left out. */
function tailLines(step: StepRecord, most: number): string[] {
  const shown = foldGroups(step.tail.lines.slice(-200)).filter(
    ({ kind, text }) => kind !== "command" && !(kind === "group" && text.startsWith("Run ")),
  );
  const lines: string[] = [];
  for (let at = shown.length - 1; at >= 0 && lines.length < most; at--) {
    const line = shown[at];
    const text = plainScreenText(line?.text ?? "").trimEnd();
    if (text !== "") lines.unshift(line?.kind === "group" ? `▸ ${text}` : text);
  }
  return lines;
}

function runningTime(
  work: {
    readonly startedAt: number | undefined;
    readonly durationMs: number | undefined;
    readonly state: string;
  },
  now: number,
): string | undefined {
  if (work.state === "skipped") return undefined;
  if (work.durationMs !== undefined) return formatDuration(work.durationMs);
  return work.startedAt === undefined ? undefined : formatElapsed(now - work.startedAt);
}

function footer(record: RunRecord, hidden: number, columns: number, options: FrameOptions): string {
  const { style, cancelling } = options;
  const jobs = record.builds.flatMap(visibleJobs);
  const number = (test: (job: JobRecord) => boolean) => jobs.filter(test).length;
  const failed = number(({ state, forgiven }) => state === "failure" && !forgiven);
  const parts = [
    [number(({ state }) => state === "running"), "running"],
    [number(({ state }) => state === "waiting"), "waiting"],
    [number(({ state, forgiven }) => state === "success" || (state === "failure" && forgiven)), "done"],
    [failed, "failed"],
    [number(({ state }) => state === "skipped"), "skipped"],
    [number(({ state }) => state === "cancelled"), "cancelled"],
  ] as const;
  const counts = parts.filter(([many]) => many > 0).map(([many, word]) => `${many} ${word}`);
  const more = hidden > 0 ? [`${hidden} more lines`] : [];
  const hint = cancelling ? "cancelling… Ctrl-C again ends everything at once" : "Ctrl-C cancels";
  const text = fitText([...(counts.length > 0 ? counts : ["starting"]), ...more, hint].join(" · "), columns);
  return cancelling ? style.yellow(text) : style.dim(text);
}

function row(priority: number, recency: number, make: Row["make"]): Row {
  return { priority, recency, make };
}
