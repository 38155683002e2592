/** The script of the HTML matrix: it filters. Without it all of the matrix is there, and reads as well. @module */

export const SCRIPT: string = `
"use strict";
(() => {
  const form = document.querySelector("form");
  const said = form.querySelector("output");
  const rows = [...document.querySelectorAll("tr[data-kind]")].map((row) => ({
    row, kind: row.dataset.kind, text: row.cells[0].textContent.toLowerCase(), cells: [...row.cells].slice(1, -1),
  }));
  const heads = [...document.querySelectorAll("th[data-group]")];
  const all = [...document.querySelectorAll("td > details")];
  const field = (name) => form.elements.namedItem(name).value;
  const marked = (cell, only) => only === "" || cell.classList.contains(only);

  const show = () => {
    const role = field("role").trim().toLowerCase();
    const group = field("group"), kind = field("kind"), only = field("only");
    const own = heads.map((head) => group === "" || head.dataset.group === group);
    const kept = rows.filter(({ kind: one, text, cells }) =>
      (kind === "" || one === kind) && text.includes(role) && cells.some((cell, at) => own[at] && marked(cell, only)));
    const columns = heads.map((_, at) => own[at] && (only === "" || kept.some(({ cells }) => marked(cells[at], only))));
    const shown = new Set(kept.map(({ row }) => row));
    heads.forEach((head, at) => { head.hidden = !columns[at]; });
    for (const { row, cells } of rows) {
      row.hidden = !shown.has(row);
      cells.forEach((cell, at) => {
        cell.hidden = !columns[at];
        cell.classList.toggle("off", !marked(cell, only));
      });
    }
    for (const body of document.querySelectorAll("tbody"))
      body.hidden = ![...body.querySelectorAll("tr[data-kind]")].some((row) => !row.hidden);
    said.textContent = kept.length + " of " + rows.length + " roles, " + columns.filter(Boolean).length + " of " + heads.length + " groups";
  };

  const openAll = (open) => { for (const one of all) one.open = open; };
  const layers = form.querySelector("button[name=layers]");
  layers.addEventListener("click", () => {
    const open = layers.getAttribute("aria-pressed") !== "true";
    layers.setAttribute("aria-pressed", String(open));
    openAll(open);
  });
  form.addEventListener("input", show);
  form.addEventListener("submit", (event) => { event.preventDefault(); });
  form.addEventListener("reset", () => { setTimeout(show); });
  // for browsers whose print style cannot open what is folded
  if (!CSS.supports("selector(::details-content)")) addEventListener("beforeprint", () => { openAll(true); });
  form.hidden = false;
  show();
})();
`;
