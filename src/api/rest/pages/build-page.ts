import { isFinal } from "../../../status.ts";
import type { ProjectRecord } from "../../../store/project-record.ts";
import type { LiveBuild } from "../views/build-detail-view.ts";
import type { JobView, StepView } from "../views/job-view.ts";
import { html, page } from "./html.ts";
import { state } from "./page-words.ts";

/** A build's jobs and steps; each step opens to its log. */
export function buildPage(build: LiveBuild, project: ProjectRecord): string {
  const final = isFinal(build.status);
  const jobs = build.jobs.filter((job) => job.kind === "job");
  const notes = [...(build.error === undefined ? [] : [build.error]), ...build.warnings];
  const main = html`<div data-build="${build.id}" data-final="${String(final)}">
<h1>${state(build.status, "state")} #${build.number}${build.attempt > 1 ? `.${build.attempt}` : ""} ${build.title || build.workflow}</h1>
<p class="quiet">${build.workflow} at <code>${build.sha.slice(0, 12)}</code> of ${build.ref.replace(/^refs\/(heads|tags)\//, "")}, ${build.event} by ${build.actor}</p>
<p id="live" role="status">${final ? "The build has ended." : "Live: states and open logs go on by themselves."}</p>
${notes.map((note) => html`<p class="failed">${note}</p>`)}
${annotations(build)}
<h2>Jobs</h2>
${jobs.length === 0 ? html`<p class="quiet">None yet.</p>` : jobs.map(job)}
<p><a href="/api/v1/projects/${build.projectId}/pipelines/${build.id}/logs.zip">All logs as a zip</a></p>
</div>`;
  return page({
    title: `#${build.number} ${build.status}`,
    main,
    script: "/assets/build.js",
    trail: [[project.name, `/projects/${project.id}`]],
  });
}

function job(view: JobView) {
  const note = view.error ?? view.reason;
  return html`<section aria-labelledby="job-${view.id}"><h3 id="job-${view.id}">${state(view.status, `state-${view.id}`)} ${view.name}${view.attempt > 1 ? ` (attempt ${view.attempt})` : ""}</h3>
${note === undefined ? undefined : html`<p class="quiet">${note}</p>`}
${view.steps.map(step)}
<p><a href="${view.logUrl}?ansi=strip">Whole log</a></p></section>`;
}

function step(view: StepView) {
  const took = view.durationMs === undefined ? "" : `${(view.durationMs / 1000).toFixed(1)} s`;
  return html`<details id="step-${view.id}" data-log="${view.log.url}"><summary>${state(view.status, `state-${view.id}`)} ${view.name} <span class="quiet">${took}</span></summary>
${view.error === undefined ? undefined : html`<p class="failed">${view.error}</p>`}
<pre tabindex="0" aria-label="Log of ${view.name}"></pre><noscript><p><a href="${view.log.url}?ansi=strip">Log</a></p></noscript></details>`;
}

function annotations({ annotations }: LiveBuild) {
  if (annotations.length === 0) return undefined;
  const items = annotations.map(({ level, message, title, file, line }) => {
    const where = file === undefined ? "" : ` (${file}${line === undefined ? "" : `:${line}`})`;
    return html`<li><strong>${level}</strong> ${title === undefined ? "" : `${title}: `}${message}${where}</li>`;
  });
  return html`<h2>Annotations</h2><ul>${items}</ul>`;
}
