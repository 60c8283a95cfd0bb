/**
 * What the page of a build does in the browser: states as they change, and the log of each step that is open, by
 * server-sent events. Without it the page shows the build as it was, and its logs by links.
 */
export const BUILD_SCRIPT = `"use strict";
const main = document.querySelector("[data-build]");
const reload = () => location.reload();
const words = (n, s) => { n.textContent = s; n.className = "state " + s; };
const show = (id, status) => {
  const node = document.getElementById("state-" + id);
  if (node) words(node, status);
  return node !== null;
};
if (main && main.dataset.final !== "true") {
  const events = new EventSource("/api/v1/builds/" + main.dataset.build + "/events");
  let first = true;
  const take = (jobs, steps) => {
    let known = true;
    // Groups are not drawn: their legs are.
    for (const job of jobs) if (job.kind === "job") known = show(job.id, job.status) && known;
    for (const step of steps) known = show(step.id, step.status) && known;
    // New jobs and steps are drawn by the server; what is open stays open.
    if (!known) { remember(); reload(); }
  };
  events.addEventListener("snapshot", (event) => {
    const build = JSON.parse(event.data);
    words(document.getElementById("state"), build.status);
    if (!first || document.querySelectorAll("[data-log]").length > 0 || build.jobs.length > 0)
      take(build.jobs, build.jobs.flatMap((job) => job.steps));
    first = false;
  });
  events.addEventListener("change", (event) => {
    const change = JSON.parse(event.data);
    if (change.build) words(document.getElementById("state"), change.build.status);
    take(change.jobs, change.steps);
  });
  events.addEventListener("end", () => { events.close(); document.getElementById("live").textContent = "The build has ended."; });
}
const key = "slipway-open";
const remember = () => sessionStorage.setItem(key, JSON.stringify([...document.querySelectorAll("details[data-log][open]")].map((d) => d.id)));
const MAX = 2000000;
for (const step of document.querySelectorAll("details[data-log]")) {
  let source;
  step.addEventListener("toggle", () => {
    if (!step.open) { if (source) source.close(); source = undefined; return; }
    const out = step.querySelector("pre");
    out.textContent = "";
    source = new EventSource(step.dataset.log + "?ansi=strip");
    source.addEventListener("log", (event) => {
      const end = out.scrollHeight - out.scrollTop - out.clientHeight < 40;
      out.append(JSON.parse(event.data).text);
      while (out.textContent.length > MAX && out.firstChild !== out.lastChild) out.firstChild.remove();
      if (end) out.scrollTop = out.scrollHeight;
    });
    source.addEventListener("end", () => { source.close(); if (out.textContent === "") out.textContent = "(no output)"; });
  });
}
for (const id of JSON.parse(sessionStorage.getItem(key) || "[]")) { const d = document.getElementById(id); if (d) d.open = true; }
sessionStorage.removeItem(key);
`;
