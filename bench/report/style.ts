/**
 * How the HTML report looks: light and dark, on screens of 400 to 1,400 pixels and on paper. Colours
 * say how a subject waits; every colour has a shape, a dash, a sign or a name beside it, so that the
 * report reads in black and white too.
 *
 * @module
 */

/** The style sheet. */
export const STYLE = `:root {
  color-scheme: light dark;
  --page: #fff; --ink: #1c1e21; --soft: #5a6068; --rule: #d9dce0; --wash: #f4f5f7;
  --blocking: #b04a00; --polling: #97326f; --multiplex: #0b5cad; --async: #00735a; --uring: #a3262b;
  --peer: #5f6670; --other: #7a6000;
  --good: #d3ecdd; --good-ink: #0a5230; --bad: #fbdcd2; --bad-ink: #8c2500;
  --same: #eceef1; --warn: #fff3d1; --warn-ink: #5e4300; --red: #b3261e;
  --p0: #0b5cad; --p1: #8fc1f0; --p2: #00735a; --p3: #8ad6bd; --p4: #97326f; --p5: #e9a9cf;
  --p6: #b04a00; --p7: #a9afb7;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #16181b; --ink: #e8eaed; --soft: #a5abb3; --rule: #383c42; --wash: #1f2226;
    --blocking: #ff9a5c; --polling: #ec92c8; --multiplex: #74b6ff; --async: #4fd0a8; --uring: #ff8f8f;
    --peer: #a5abb3; --other: #e0c050;
    --good: #17402b; --good-ink: #9fe5bd; --bad: #552312; --bad-ink: #ffc1ab;
    --same: #2a2e33; --warn: #453607; --warn-ink: #ffe4a0; --red: #ff8a80;
    --p0: #74b6ff; --p1: #24558c; --p2: #4fd0a8; --p3: #17634c; --p4: #ec92c8; --p5: #7c2f5d;
    --p6: #ff9a5c; --p7: #5f6670;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body {
  margin: 0; background: var(--page); color: var(--ink);
  font: 1rem/1.55 system-ui, -apple-system, "Segoe UI", "Liberation Sans", Arial, sans-serif;
  font-variant-numeric: tabular-nums;
}
main { max-width: 1120px; margin: 0 auto; padding: 1.5rem 1.25rem 4rem; }
main > p, main > ul { max-width: 72ch; }
h1, h2, h3 { line-height: 1.2; font-weight: 650; text-wrap: balance; break-after: avoid; }
h1 { font-size: 1.9rem; margin: 0 0 .6rem; letter-spacing: -.015em; }
h2 { font-size: 1.35rem; margin: 2.6rem 0 .7rem; padding-top: .8rem; border-top: 1px solid var(--rule); }
h3 { font-size: 1.06rem; margin: 2rem 0 .4rem; }
p { margin: .5rem 0; }
ul { padding-left: 1.2rem; margin: .6rem 0; }
li { margin: .35rem 0; }
dl { margin: .6rem 0; max-width: 84ch; }
dl div { display: grid; grid-template-columns: 10.5rem 1fr; padding: .4rem 0; gap: 0 1rem; }
dl div + div { border-top: 1px solid var(--rule); }
dt { color: var(--soft); } dd { margin: 0; }
code, pre { font-family: ui-monospace, "SF Mono", "Liberation Mono", monospace; font-size: .85em; }
pre { overflow-x: auto; background: var(--wash); padding: .8rem 1rem; border-radius: 4px; }
.warning {
  background: var(--warn); color: var(--warn-ink); padding: .7rem 1rem; border-radius: 4px;
  border-left: 5px solid currentColor;
}
.scroll { overflow-x: auto; margin: .8rem 0 1.2rem; }
table { border-collapse: collapse; font-size: .86rem; line-height: 1.35; }
caption { caption-side: top; text-align: left; color: var(--soft); padding-bottom: .5rem; }
th, td { padding: .28rem .7rem .28rem 0; text-align: left; vertical-align: top; }
thead th { border-bottom: 1.5px solid var(--ink); vertical-align: bottom; font-weight: 600; }
tbody tr { border-bottom: 1px solid var(--rule); }
tbody th { font-weight: 600; min-width: 20ch; max-width: 30ch; position: sticky; left: 0; background: var(--page); }
td.number, th.number { text-align: right; white-space: nowrap; }
th.short, td.short { white-space: nowrap; min-width: 0; }
td:not(.number, .short) { min-width: 24ch; max-width: 46ch; overflow-wrap: anywhere; }
td.red { color: var(--red); font-weight: 600; }
abbr { text-decoration: none; }
details { margin: .6rem 0; }
summary { cursor: pointer; color: var(--soft); font-size: .9rem; padding: .2rem 0; }
summary:hover { color: var(--ink); }
:focus-visible { outline: 2px solid var(--multiplex); outline-offset: 2px; }
table.grid { border-collapse: separate; border-spacing: 3px; width: 100%; }
table.grid caption { max-width: 88ch; padding-left: 3px; }
.grid thead th { border: 0; text-align: center; padding: .2rem 0; }
.grid thead th:first-child { text-align: left; }
.grid tbody th { padding-right: .6rem; vertical-align: middle; }
.tile {
  text-align: center; padding: .18rem .1rem .22rem; border-radius: 3px; position: relative;
  min-width: 0 !important; background: var(--same); border: 2px solid transparent;
}
.tile.good { background: var(--good); color: var(--good-ink); }
.tile.bad { background: var(--bad); color: var(--bad-ink); }
.tile.open { background: none; border: 1px dashed var(--soft); color: var(--soft); }
.tile.none { background: none; color: var(--soft); }
.tile.differs { border: 2px solid currentColor; }
.glyph { font-size: 1.25rem; line-height: 1; }
.glyph.word { font-size: .78rem; font-weight: 500; }
.tile i { font-style: normal; white-space: nowrap; font-size: .78rem; margin-left: .3em; }
.tile small { display: block; font-size: .74rem; white-space: nowrap; }
.said { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
figure { margin: 0 0 2rem; max-width: 760px; break-inside: avoid; }
figcaption { color: var(--soft); font-size: .9rem; max-width: 72ch; }
.narrow { display: none; }
.plot { display: block; max-width: 100%; height: auto; margin: .4rem 0; overflow: visible; }
.plot { --plot-background: var(--page); font-size: 12px; fill: var(--ink); color: var(--soft); }
.plot text { white-space: pre; }
.plot [aria-label*="axis"] { fill: var(--soft); }
@media (max-width: 640px) {
  main { padding: 1rem .75rem 3rem; }
  h1 { font-size: 1.5rem; }
  .wide { display: none; }
  .narrow { display: block; }
  table.grid { border-spacing: 2px; }
  .grid thead span { writing-mode: vertical-rl; rotate: 180deg; }
  .grid tbody th { font-size: .72rem; padding-right: .2rem; }
  dl div { grid-template-columns: 1fr; }
  .tile { padding: .1rem .2rem; }
  table.grid caption { max-width: calc(100vw - 2rem); position: sticky; left: 0; }
  .tile small { font-size: .62rem; white-space: nowrap; }
  .grid tbody th { position: sticky; left: 0; background: var(--page); }
  .grid thead th:first-child { width: 4.9rem; }
  .tile i { display: block; margin: 0; font-size: .68rem; line-height: 1.2; }
  .glyph.word { font-size: .66rem; writing-mode: vertical-rl; rotate: 180deg; }
}
@media print {
  :root {
    color-scheme: light;
    --page: #fff; --ink: #000; --soft: #444; --rule: #ccc; --wash: #f4f5f7; --good: #d3ecdd;
    --good-ink: #0a5230; --bad: #fbdcd2; --bad-ink: #8c2500; --same: #eceef1; --warn: #fff3d1;
    --warn-ink: #5e4300; --red: #b3261e; --blocking: #b04a00; --polling: #97326f;
    --multiplex: #0b5cad; --async: #00735a; --uring: #a3262b; --peer: #5f6670; --other: #7a6000;
    --p0: #0b5cad; --p1: #8fc1f0; --p2: #00735a; --p3: #8ad6bd; --p4: #97326f; --p5: #e9a9cf;
    --p6: #b04a00; --p7: #a9afb7;
  }
  @page { margin: 14mm 12mm; }
  body { font-size: 9.5pt; print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  main { max-width: none; padding: 0; }
  .scroll { overflow: visible; }
  .wide { display: block; }
  .narrow { display: none; }
  table { font-size: 7.4pt; }
  th, td { padding-right: .45rem; line-height: 1.2; }
  td.number, th.number { white-space: normal; }
  td:not(.number, .short) { min-width: 0; }
  tbody th { position: static; }
  tr, li, dl div, .warning { break-inside: avoid; }
  thead { display: table-header-group; }
  summary, caption { break-after: avoid; }
  details::details-content { content-visibility: visible; display: block; height: auto; }
  figure > details { display: none; }
}
`;
