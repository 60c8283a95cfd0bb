/** Of every page: light and dark by the system's choice, text before ornament. */
export const PAGES_CSS = `
:root { color-scheme: light dark; --line: light-dark(#d0d7de, #30363d); --quiet: light-dark(#57606a, #9198a1);
  --card: light-dark(#f6f8fa, #161b22); --link: light-dark(#0550ae, #79b8ff);
  --ok: light-dark(#116329, #56d364); --bad: light-dark(#b31d28, #ff8a80); --busy: light-dark(#7a4b00, #e3b341); }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 70rem; padding: 0 1rem 3rem; font: 1rem/1.5 system-ui, sans-serif;
  background: light-dark(#fff, #0d1117); color: light-dark(#1f2328, #e6edf3); }
header { display: flex; justify-content: space-between; padding: .75rem 0; border-bottom: 1px solid var(--line); }
a { color: var(--link); }
a:focus-visible, button:focus-visible, input:focus-visible, summary:focus-visible, pre:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; }
.skip { position: absolute; left: -99rem; } .skip:focus { left: 1rem; top: 0; background: var(--card); padding: .5rem; }
h1 { font-size: 1.5rem; margin: 1.25rem 0 .5rem; overflow-wrap: anywhere; } h2 { font-size: 1.15rem; margin: 1.5rem 0 .5rem; }
h3 { font-size: 1rem; margin: 1rem 0 .25rem; }
table { border-collapse: collapse; width: 100%; } th, td { text-align: left; padding: .35rem .6rem .35rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
td { overflow-wrap: anywhere; } .scroll { overflow-x: auto; }
.quiet { color: var(--quiet); } .state { font-weight: 600; white-space: nowrap; }
.succeeded { color: var(--ok); } .failed { color: var(--bad); } .running, .waiting, .queued, .pending { color: var(--busy); }
.cancelled, .skipped { color: var(--quiet); }
details { border: 1px solid var(--line); border-radius: 6px; margin: .4rem 0; } summary { padding: .4rem .7rem; cursor: pointer; }
details > :not(summary) { margin-left: .7rem; margin-right: .7rem; }
pre { background: var(--card); padding: .7rem; overflow: auto; max-height: 32rem; border-radius: 6px; font-size: .85rem; line-height: 1.4; white-space: pre-wrap; overflow-wrap: anywhere; }
code { font-size: .9em; } ul.plain { list-style: none; padding: 0; }
input[type=search] { font: inherit; width: 100%; padding: .5rem; margin: .5rem 0; border: 1px solid var(--line); border-radius: 6px; background: var(--card); color: inherit; }
.method { display: inline-block; min-width: 4.2rem; font: 600 .8rem ui-monospace, monospace; }
@media (prefers-reduced-motion: no-preference) { .running .dot { animation: beat 1.2s infinite alternate; } @keyframes beat { to { opacity: .3; } } }
`;
