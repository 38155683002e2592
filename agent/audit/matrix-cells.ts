/** The head and the rows of the HTML matrix. @module */
import { type Group, VERBS } from "../map/access-map.ts";
import { html, type Html, joined } from "./matrix-markup.ts";
import {
  controlName,
  denialsOf,
  KIND_NAMES,
  LETTERS,
  networkName,
  reachName,
  signOf,
  storageName,
  VERB_NAMES,
} from "./matrix-words.ts";
import { type Cell, type Decision, isDifferent, isHeldByOne, type Row } from "./matrix.ts";

/** The cell over a column, with the letters of the boxes below it. */
export function headOf(group: Group): Html {
  const letters = VERBS.map((verb) => html`<i>${LETTERS[verb]}</i>`);
  return html`<th scope="col" data-group="${group.name}">
    <span class="name">${group.name}</span><small>${reachName(group)}</small
    ><small>${storageName(group)}</small
    ><span class="signs of" aria-hidden="true">${joined(letters)}</span>
  </th>`;
}

/** Rows of one sort, below a line that names it. */
export function bodyOf(title: string, name: string, rows: readonly Row[], groups: number): Html {
  return html`<tbody class="${name}">
    <tr class="part">
      <th scope="rowgroup" colspan="${groups + 2}"><span>${title}</span></th>
    </tr>
    ${joined(rows.map(rowOf))}
  </tbody>`;
}

function rowOf(row: Row): Html {
  const { actor, cells } = row;
  const { title, kind, duties, hosts, about, principal, isStranger } = actor;
  const details = isStranger ? about : `${KIND_NAMES[kind]}, ${networkName(principal.network)}`;
  return html`<tr data-kind="${kind}">
    <th scope="row">
      <span class="name">${title}</span
      >${joined(duties.map((duty) => html`<span class="duty">${duty}</span>`))}<small>${details}</small>${hosts.length === 0 ? "" : html`<small>runs on ${hosts.join(", ")}</small>`}
    </th>
    ${joined(cells.map(cellOf))}
    <td data-group="May change" class="change ${row.control.length === 0 ? "" : "some"}">
      ${controlName(row)}
    </td>
  </tr> `;
}

function cellOf(cell: Cell): Html {
  const { decisions, group } = cell;
  const differs = decisions.some(isDifferent);
  const classes = [differs ? "differs" : "", decisions.some(isHeldByOne) ? "single" : ""];
  const mark = differs ? html`<u>!</u>` : "";
  const signs = html`<span class="signs" aria-hidden="true"
    >${joined(decisions.map(boxOf))}${mark}</span
  >`;
  return html`<td data-group="${group.name}" ${classed(classes)}>
    <details>
      <summary aria-label="${spoken(cell)}">${signs}</summary>
      <ul>
        ${joined(reasons(cell))}
      </ul>
    </details>
  </td>`;
}

function boxOf(decision: Decision): Html {
  const { allowed } = decision;
  const classes = [
    allowed ? "y" : isHeldByOne(decision) ? "o" : "",
    isDifferent(decision) ? "d" : "",
  ];
  return html`<i${classed(classes)}>${signOf(decision)}</i>`;
}

function classed(names: readonly string[]): Html | "" {
  const given = names.filter((name) => name !== "");
  return given.length === 0 ? "" : html` class="${given.join(" ")}"`;
}

/** "read, list allowed; put, remove, read old versions denied". */
function spoken({ decisions }: Cell): string {
  const names = (wanted: boolean): string =>
    decisions
      .filter(({ allowed }) => allowed === wanted)
      .map(({ verb }) => VERB_NAMES[verb])
      .join(", ");
  const parts = [
    names(true) === "" ? "" : `${names(true)} allowed`,
    names(false) === "" ? "" : `${names(false)} denied`,
    decisions.some(isDifferent) ? "not what the map says" : "",
  ];
  return parts.filter((part) => part !== "").join("; ");
}

function reasons(cell: Cell): readonly Html[] {
  const differing = cell.decisions.filter(isDifferent).map(({ verb, allowed }) => {
    const words = allowed
      ? "allowed, which the map does not say"
      : "denied, though the map says so";
    return html`<li class="bad">! ${VERB_NAMES[verb]}: ${words}</li>`;
  });
  const denied = denialsOf(cell).map(({ verbs, layers, isHeldByOne: isOne }) =>
    isOne
      ? html`<li class="one">${verbs}: ${layers} alone</li>`
      : html`<li>${verbs}: ${layers}</li>`,
  );
  const found = [...differing, ...denied];
  return found.length === 0 ? [html`<li>nothing is denied</li>`] : found;
}
