import type { BuildRecord } from "../../../store/build-record.ts";
import type { ProjectRecord } from "../../../store/project-record.ts";
import { type Html, html, page } from "./html.ts";
import { duration, since, state } from "./page-words.ts";

export interface ProjectOnPage {
  readonly project: ProjectRecord;
  readonly builds: readonly BuildRecord[];
}

/** Projects with their last builds. */
export function startPage(projects: readonly ProjectOnPage[], now: number): string {
  const list =
    projects.length === 0
      ? html`<p>There is no project yet. <code>slipway project add</code> makes the first.</p>`
      : projects.map(
          ({ project, builds }) =>
            html`<section aria-labelledby="p-${project.id}"><h2 id="p-${project.id}"><a href="/projects/${project.id}">${project.name}</a></h2>${buildTable(builds, now)}</section>`,
        );
  return page({ title: "Projects", main: html`<h1>Projects</h1>${list}` });
}

export function projectPage(project: ProjectRecord, builds: readonly BuildRecord[], now: number): string {
  const main = html`<h1>${project.name}</h1><p class="quiet">${project.repositoryUrl}, ${project.defaultBranch}</p><h2>Last builds</h2>${buildTable(builds, now)}`;
  return page({ title: project.name, main });
}

function buildTable(builds: readonly BuildRecord[], now: number): Html {
  if (builds.length === 0) return html`<p class="quiet">No builds yet.</p>`;
  const rows = builds.map(
    (build) =>
      html`<tr><td>${state(build.status)}</td><td><a href="/builds/${build.id}">#${build.number}${build.attempt > 1 ? `.${build.attempt}` : ""} ${build.title || build.workflow}</a></td><td>${build.ref.replace(/^refs\/(heads|tags)\//, "")}</td><td><code>${build.sha.slice(0, 8)}</code></td><td>${build.actor}</td><td>${duration(build, now)}</td><td>${since(build.createdAt, now)}</td></tr>`,
  );
  return html`<div class="scroll"><table><thead><tr><th scope="col">State</th><th scope="col">Build</th><th scope="col">Ref</th><th scope="col">Commit</th><th scope="col">By</th><th scope="col">Took</th><th scope="col">Asked for</th></tr></thead><tbody>${rows}</tbody></table></div>`;
}
