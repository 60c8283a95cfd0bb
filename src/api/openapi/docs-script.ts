/** Search on the reference page: without it the page is whole, and the browser's own search finds everything. */
export const DOCS_SCRIPT = `"use strict";
const box = document.getElementById("search");
const count = document.getElementById("count");
const entries = [...document.querySelectorAll("[data-entry]")].map((node) => [node, node.textContent.toLowerCase()]);
box.hidden = false;
box.previousElementSibling.hidden = false;
const search = () => {
  const words = box.value.toLowerCase().split(/\\s+/).filter(Boolean);
  let shown = 0;
  for (const [node, text] of entries) {
    node.hidden = !words.every((word) => text.includes(word));
    if (!node.hidden) shown += 1;
  }
  for (const group of document.querySelectorAll("[data-group]")) {
    group.hidden = group.querySelector("[data-entry]:not([hidden])") === null;
  }
  count.textContent = words.length === 0 ? "" : shown + " of " + entries.length;
};
box.addEventListener("input", search);
document.addEventListener("keydown", (event) => {
  if (event.key === "/" && document.activeElement !== box) { event.preventDefault(); box.focus(); }
});
const open = () => { const entry = document.getElementById(location.hash.slice(1)); if (entry && "open" in entry) entry.open = true; };
addEventListener("hashchange", open);
open();
`;
