/**
 * The style of the HTML matrix. Colour never speaks alone: what is allowed is a letter, what is denied a digit, what
 * hangs on one layer has a dashed frame, what differs from the map a heavy one and "!". Contrasts are at least 4.5:1.
 * @see https://www.w3.org/TR/WCAG22/#contrast-minimum
 * @module
 */

/** A row as a card, where a table would be too wide: each cell then names its group itself. */
function cards(table: string): string {
  return `
${table}, ${table} tbody { display: block; }
${table} thead { display: none; }
${table} tr { display: block; padding: .8rem 0; border-bottom: 1px solid var(--line); }
${table} tbody th[scope] { display: block; position: static; border: 0; padding: 0 0 .4rem; box-shadow: none; min-width: 0; max-width: none; background: none; }
${table} td { display: inline-block; border: 0; padding: 0; margin: 0 1.4rem .5rem 0; background: none; }
${table} td::before { content: attr(data-group); display: block; font-size: .78rem; font-weight: 600; color: var(--soft); overflow-wrap: anywhere; }
${table} tr.part { padding: 1.4rem 0 0; }
${table} tr:hover > * { background: none; }
`;
}

export const STYLE: string = `
:root { color-scheme: light dark;
  --page: #fbfaf7; --card: #ffffff; --ink: #1c2226; --soft: #59636b; --line: #dedad2; --hover: #f3f1eb;
  --yes: #17594f; --on-yes: #ffffff; --one: #875000; --one-page: #fff5e0; --bad: #a81e16; --on-bad: #ffffff; --bad-page: #fdecea; }
@media (prefers-color-scheme: dark) { :root {
  --page: #14181a; --card: #1a1f22; --ink: #e8e6e1; --soft: #a3adb4; --line: #333b40; --hover: #22292d;
  --yes: #7fd1c0; --on-yes: #0d2420; --one: #f0b45c; --one-page: #33270f; --bad: #ff9d94; --on-bad: #3a0703; --bad-page: #3a1613; } }
* { box-sizing: border-box; }
[hidden] { display: none !important; }
body { margin: 0; padding: 2.2rem clamp(1rem, 3vw, 3rem) 3rem; background: var(--page); color: var(--ink);
  font: 1rem/1.5 system-ui, -apple-system, "Segoe UI", "Liberation Sans", sans-serif; }
h1 { margin: 0; font-size: 1.7rem; line-height: 1.2; font-weight: 650; letter-spacing: -.015em; overflow-wrap: anywhere; }
h2 { font-size: 1rem; margin: 2rem 0 .5rem; }
p { margin: .5rem 0; max-width: 46rem; }
code, .signs, .key { font-family: ui-monospace, "SF Mono", "Cascadia Mono", "Liberation Mono", monospace; }
.lead { color: var(--soft); }
.verdict { display: inline-block; margin: 1.1rem 0 .2rem; padding: .5rem .9rem; border-left: 4px solid var(--yes); background: var(--card); font-weight: 550; }
.verdict.bad { border: 2px solid var(--bad); border-left-width: 8px; background: var(--bad-page); }
.verdict details { font-weight: 400; }
.verdict summary { text-decoration: underline; }
.verdict ul { margin: .4rem 0 0; padding-left: 1.2rem; font-weight: 400; }
.legend { display: flex; flex-wrap: wrap; gap: .5rem 1.6rem; margin: 1rem 0 1.2rem; padding: 0; list-style: none; font-size: .88rem; color: var(--soft); }
.legend li { display: flex; align-items: center; gap: .5rem; }
form { display: flex; flex-wrap: wrap; gap: .7rem 1rem; align-items: end; margin: 0 0 .8rem; }
label { display: grid; gap: .15rem; font-size: .78rem; font-weight: 600; color: var(--soft); }
input, select, button { font: inherit; font-size: .92rem; font-weight: 400; min-height: 2.2rem; padding: .25rem .6rem; max-width: 14rem;
  color: var(--ink); background: var(--card); border: 1px solid var(--soft); border-radius: 5px; }
button { cursor: pointer; }
button:hover { background: var(--hover); }
:focus-visible { outline: 3px solid var(--yes); outline-offset: 2px; }
output { flex-basis: 100%; font-size: .85rem; color: var(--soft); }
.scroll { overflow: auto; max-height: calc(100vh - 1.5rem); background: var(--card); border: 1px solid var(--line); border-radius: 8px; }
table { border-collapse: separate; border-spacing: 0; min-width: 100%; }
caption { text-align: left; position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
th, td { padding: .55rem .8rem; text-align: left; vertical-align: top; border-bottom: 1px solid var(--line); font-weight: 400; }
tbody:last-of-type tr:last-child > * { border-bottom: 0; }
thead th { position: sticky; top: 0; z-index: 2; background: var(--card); vertical-align: bottom; border-bottom: 2px solid var(--line); }
tbody th[scope=row] { position: sticky; left: 0; z-index: 1; background: var(--card); min-width: 13rem; max-width: 19rem; box-shadow: 1px 0 var(--line); }
thead th:first-child { left: 0; z-index: 3; box-shadow: 1px 0 var(--line); }
tr:hover > td, tr:hover > th[scope=row] { background: var(--hover); }
tr.part th { padding-top: 1.2rem; font-size: .78rem; font-weight: 650; letter-spacing: .02em; color: var(--soft); }
tr.part span { position: sticky; left: .8rem; }
b, .name { font-weight: 620; overflow-wrap: anywhere; }
small { display: block; font-size: .78rem; line-height: 1.4; color: var(--soft); overflow-wrap: anywhere; }
thead small { max-width: 11rem; }
.duty { display: inline-block; margin-left: .4rem; padding: 0 .45rem; font-size: .72rem; font-weight: 600; border: 1px solid var(--soft); border-radius: 9px; color: var(--ink); }
.signs { display: inline-flex; gap: 2px; font-size: .85rem; line-height: 1.4rem; white-space: nowrap; }
.signs i { font-style: normal; width: 1.4rem; text-align: center; border-radius: 3px; color: var(--soft); border: 1px solid transparent; line-height: calc(1.4rem - 2px); }
.signs .y { background: var(--yes); color: var(--on-yes); font-weight: 700; }
.signs .o { border: 1px dashed var(--one); background: var(--one-page); color: var(--one); font-weight: 700; }
.signs .d { outline: 2px solid var(--bad); margin: 0 2px; background: var(--bad-page); color: var(--bad); font-weight: 700; }
.signs .y.d { background: var(--bad); color: var(--on-bad); }
.signs u { text-decoration: none; font-weight: 800; color: var(--bad); padding-left: .3rem; }
.of { margin-top: .35rem; }
.change { font-size: .88rem; color: var(--soft); }
.change.some { color: var(--ink); font-weight: 550; }
summary { list-style: none; cursor: pointer; border-radius: 4px; width: max-content; }
summary::-webkit-details-marker { display: none; }
td ul { margin: .35rem 0 0; padding: 0; list-style: none; font-size: .78rem; line-height: 1.4; color: var(--soft); max-width: 12rem; }
td li.one { color: var(--one); font-weight: 600; }
td li.bad { color: var(--bad); font-weight: 700; }
td.off .signs { opacity: .3; }
footer { margin-top: 1.6rem; font-size: .85rem; color: var(--soft); }
dl { display: grid; grid-template-columns: max-content minmax(0, 1fr); gap: .15rem 1rem; margin: .6rem 0; }
dt { font-weight: 600; } dd { margin: 0; overflow-wrap: anywhere; }
@media (max-width: 44rem) { ${cards("table")} .scroll { max-height: none; padding: 0 .9rem; overflow: visible; } label, input, select { width: 100%; max-width: none; } form label { flex: 1 1 40%; } }
@media print {
  @page { size: A4 landscape; margin: 12mm; }
  :root { color-scheme: light; --page: #fff; --card: #fff; --ink: #000; --soft: #444; --line: #bbb; --hover: #fff;
    --yes: #17594f; --on-yes: #fff; --one: #6b4000; --one-page: #fff; --bad: #a81e16; --on-bad: #fff; --bad-page: #fff; }
  body { padding: 0; font-size: 9pt; print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  form { display: none !important; }
  .scroll { overflow: visible; max-height: none; border: 0; padding: 0; }
  thead th, tbody th[scope=row] { position: static; box-shadow: none; }
  th, td { padding: 3pt 5pt; }
  tbody th[scope=row] { min-width: 0; max-width: 42mm; }
  .verdict { display: block; }
  tr, .legend li { break-inside: avoid; }
  tr.part { break-after: avoid; }
  details::details-content { content-visibility: visible; display: block; block-size: auto; }
  td ul { max-width: 34mm; font-size: 7pt; }
  td.off .signs { opacity: 1; }
  ${cards("table.wide")}
}
`;
