/**
 * A matrix as one HTML file that needs nothing else: no script to be read, no network, and no more rights in a browser
 * than its own style and script have by their hashes.
 * @see https://www.w3.org/TR/CSP3/
 * @module
 */
import { createHash } from "node:crypto";
import { differencesOf, type Matrix } from "./matrix.ts";
import { VERBS } from "../map/access-map.ts";
import { bodyOf, headOf } from "./matrix-cells.ts";
import { html, type Html, joined, raw } from "./matrix-markup.ts";
import { SCRIPT } from "./matrix-script.ts";
import { STYLE } from "./matrix-style.ts";
import { CONTROL_NOTE, differenceName, KIND_NAMES, LETTERS, VERB_NAMES } from "./matrix-words.ts";

export interface MatrixFacts {
  /** Of the bytes of the map, in hexadecimal. */
  readonly mapSha256: string;
  /** Of postern. */
  readonly version: string;
  /** As it is to be printed; undefined: the page says nothing of when it was made, and is the same each time. */
  readonly madeOn: string | undefined;
}

/** More columns than a sheet of A4 takes: rows are printed as cards. */
const MOST_PRINTED_COLUMNS = 6;

export function encodeHtml(matrix: Matrix, facts: MatrixFacts): string {
  const { groups, rows, buckets } = matrix;
  const members = rows.filter(({ actor }) => !actor.isStranger);
  const strangers = rows.filter(({ actor }) => actor.isStranger);
  const title = `Who may do what in ${buckets.map(({ bucket }) => bucket).join(", ")}`;
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta http-equiv="Content-Security-Policy" content="${contentPolicy()}" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${title}</title>
        ${raw(`<style>${STYLE}</style>`)}
      </head>
      <body>
        <header>
          <h1>${title}</h1>
          <p class="lead">
            ${members.length} principals and ${groups.length} groups of ${matrix.map.file}, decided
            by the policy documents.
          </p>
          ${verdict(matrix)} ${legend()}
        </header>
        <main>
          ${filters(matrix)}
          <div class="scroll" role="region" aria-label="Matrix" tabindex="0">
            <table class="${groups.length > MOST_PRINTED_COLUMNS ? "wide" : "narrow"}">
              <caption>
                Roles down, groups across: what each may do, and how many layers stop the rest
              </caption>
              <thead>
                <tr>
                  <th scope="col"><span class="name">Principal</span></th>
                  ${joined(groups.map(headOf))}
                  <th scope="col"><span class="name">May change</span></th>
                </tr>
              </thead>
              ${bodyOf("Of the map", "members", members, groups.length)}
              ${bodyOf("Strangers: not of the map, so that everything must be denied", "strangers", strangers, groups.length)}
            </table>
          </div>
        </main>
        ${footer(matrix, facts)} ${raw(`<script>${SCRIPT}</script>`)}
      </body>
    </html> `.text;
}

/** The page takes nothing from anywhere, and nothing may be put into it. */
function contentPolicy(): string {
  const hash = (text: string): string =>
    `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
  return `default-src 'none'; style-src ${hash(STYLE)}; script-src ${hash(SCRIPT)}; base-uri 'none'; form-action 'none'`;
}

/** More than these are folded, so that the matrix stays in sight. */
const MOST_DIFFERENCES_SHOWN = 8;

function verdict(matrix: Matrix): Html {
  const differences = differencesOf(matrix);
  if (differences.length === 0)
    return html`<p class="verdict">The documents do what the map says.</p>`;
  const items = differences.map((one) => html`<li>${differenceName(one)}</li>`);
  const further = items.slice(MOST_DIFFERENCES_SHOWN);
  const folded =
    further.length === 0
      ? ""
      : html`<details>
          <summary>and ${further.length} more</summary>
          <ul>
            ${joined(further)}
          </ul>
        </details>`;
  return html`<div class="verdict bad">
    ! The documents do not do what the map says: ${differences.length}
    ${differences.length === 1 ? "difference" : "differences"}
    <ul>
      ${joined(items.slice(0, MOST_DIFFERENCES_SHOWN))}
    </ul>
    ${folded}
  </div>`;
}

function legend(): Html {
  const letters = VERBS.map(
    (verb) =>
      html`<li>
        <span class="signs"><i class="y">${LETTERS[verb]}</i></span
        >${VERB_NAMES[verb]}
      </li>`,
  );
  return html`<ul class="legend" aria-label="Legend">
    ${joined(letters)}
    <li>
      <span class="signs"><i>3</i></span
      >denied, by so many layers that each stop it alone
    </li>
    <li>
      <span class="signs"><i class="o">1</i></span
      >by one: a single mistake would allow it
    </li>
    <li>
      <span class="signs"><i class="y d">R</i><u>!</u></span
      >not what the map says
    </li>
  </ul>`;
}

function filters({ groups, rows }: Matrix): Html {
  const kinds = [...new Set(rows.map(({ actor }) => actor.kind))];
  return html`<form hidden aria-label="Filter">
    <label>Role<input type="search" name="role" autocomplete="off" /></label>
    <label
      >Group<select name="group">
        <option value="">all</option>
        ${joined(groups.map(({ name }) => html`<option>${name}</option>`))}
      </select></label
    >
    <label
      >Kind<select name="kind">
        <option value="">all</option>
        ${joined(kinds.map((kind) => html`<option value="${kind}">${KIND_NAMES[kind]}</option>`))}
      </select></label
    >
    <label
      >Only cells<select name="only">
        <option value="">all</option>
        <option value="differs">that differ from the map</option>
        <option value="single">with something held by one layer</option>
      </select></label
    >
    <button type="button" name="layers" aria-pressed="false">Show layers</button
    ><button type="reset">Reset</button>
    <output aria-live="polite"></output>
  </form>`;
}

function footer({ map, buckets }: Matrix, { mapSha256, version, madeOn }: MatrixFacts): Html {
  const facts: readonly (readonly [string, string | undefined])[] = [
    ...buckets.map(
      ({ bucket, region }) => ["Bucket", `${bucket}, ${region}, account ${map.account}`] as const,
    ),
    ["Map", map.file],
    ["SHA-256 of the map", mapSha256],
    ["Made by", `postern ${version}`],
    ["Made on", madeOn],
  ];
  const known = facts.flatMap(([name, fact]) =>
    fact === undefined
      ? []
      : [
          html`<dt>${name}</dt>
            <dd>${fact}</dd>`,
        ],
  );
  return html`<footer>
    <h2>How to read it</h2>
    <p>
      Each verb is one request of S3 with what KMS must then do, as the principal makes it when all
      is well: over TLS, signed, from its own network. A layer is counted when it denies the request
      with every other layer wide open: <b>identity</b>, the principal's own policies;
      <b>bucket</b>, the bucket's policy; <b>key</b>, the key's; <b>endpoint</b>, that of the VPC
      endpoint.
    </p>
    <p>${CONTROL_NOTE}</p>
    <dl>${joined(known)}</dl>
  </footer>`;
}
