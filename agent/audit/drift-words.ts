/** Drift, for people and as JSON. @module */
import type { AccessChange, AccessDrift } from "./access-drift.ts";
import type { CanonicalStatement, Part } from "./canonical.ts";
import type { Change } from "./drift-change.ts";
import { type Drift, hasDrifted } from "./drift.ts";
import type { PartChange, StatementChange } from "./statement-diff.ts";

/** Lines; what is deeper is set in. */
export function encodeDrift(drift: Drift): readonly string[] {
  const { changes, access, apart, denied } = drift;
  return [
    ...changes.flatMap(changeLines),
    ...accessLines(access),
    ...denied.map(({ action, resource }) => `denied: ${action} on ${resource}`),
    ...apart.map((one) => `not looked at: ${one}`),
    summaryOf(drift),
  ];
}

function changeLines({
  kind,
  subject,
  what,
  expected,
  actual,
  statements,
}: Change): readonly string[] {
  const head = `${subject}: ${what}`;
  switch (kind) {
    case "unknown":
      return [`? ${head}: not told`];
    case "missing":
      return [`- ${head}: not there`, ...statements.flatMap(statementLines)];
    case "extra":
      return [
        `+ ${head}${actual === undefined ? "" : `: ${actual}`}`,
        ...statements.flatMap(statementLines),
      ];
    case "changed":
      return expected === undefined
        ? [`~ ${head}`, ...statements.flatMap(statementLines)]
        : [`~ ${head}: expected ${expected}, got ${actual ?? "nothing"}`];
    default:
      return kind satisfies never;
  }
}

function statementLines(change: StatementChange): readonly string[] {
  switch (change.kind) {
    case "missing":
      return [`  - ${nameOf(change.statement)}`, ...partsOf(change.statement, "-")];
    case "extra":
      return [`  + ${nameOf(change.statement)}`, ...partsOf(change.statement, "+")];
    case "changed":
      return [
        `  ~ ${nameOf(change.expected)}`,
        ...change.parts.flatMap(({ label, missing, extra }) => [
          ...missing.map((value) => `    - ${label}: ${value}`),
          ...extra.map((value) => `    + ${label}: ${value}`),
        ]),
      ];
    default:
      return change satisfies never;
  }
}

function nameOf({ sid }: CanonicalStatement): string {
  return sid ?? "a statement without a Sid";
}

function partsOf({ parts }: CanonicalStatement, sign: string): readonly string[] {
  return parts.map(
    ({ label, values }) => `    ${sign} ${label}: ${writtenOf({ values }).join(", ")}`,
  );
}

function writtenOf({ values }: Pick<Part, "values">): readonly string[] {
  return values.map(({ written }) => written);
}

/** Of each who gains or loses one request, and how many more there are. */
function accessLines({ changes }: AccessDrift): readonly string[] {
  const groups = new Map<string, AccessChange[]>();
  for (const change of changes) {
    const name = `${change.kind} ${change.caller}`;
    groups.set(name, [...(groups.get(name) ?? []), change]);
  }
  return [...groups.values()].flatMap((group) => {
    const [first, ...more] = group;
    if (first === undefined) return [];
    const actions = [...new Set(more.map(({ action }) => action))].filter(
      (action) => action !== first.action,
    );
    return [
      `${first.kind === "gained" ? "+" : "-"} ${first.caller} ${first.kind === "gained" ? "now may" : "no longer may"} ${first.action} on ${first.resource}`,
      ...Object.entries(first.context).map(
        ([key, values]) => `    with ${key} ${values.join(", ")}`,
      ),
      `    before: ${first.before.why}${sidsOf(first.before)}`,
      `    now: ${first.after.why}${sidsOf(first.after)}`,
      ...(actions.length === 0 ? [] : [`    also ${actions.join(", ")}`]),
    ];
  });
}

function sidsOf({ statements }: AccessChange["before"]): string {
  const sids = statements.flatMap(({ sid }) => sid ?? []);
  return sids.length === 0 ? "" : ` (${sids.join(", ")})`;
}

function summaryOf(drift: Drift): string {
  const { changes, access, denied } = drift;
  if (!hasDrifted(drift)) return "no drift: every document says what the map makes";
  const told = changes.filter(({ kind }) => kind !== "unknown").length;
  const unknown = changes.length - told;
  const text = [
    `${told} of text`,
    ...(unknown === 0 ? [] : [`${unknown} not told`]),
    ...(denied.length === 0 ? [] : [`${denied.length} denied`]),
  ].join(", ");
  if (access.changes.length > 0)
    return `drift: ${text}; ${access.changes.length} requests are decided otherwise${certaintyOf(access)}`;
  return access.sampled === undefined
    ? `drift: ${text}; of access none, proved for ${access.classes} classes of requests`
    : `drift: ${text}; of access none was found${certaintyOf(access)}`;
}

function certaintyOf({ sampled }: AccessDrift): string {
  return sampled === undefined ? "" : `, sampled and not proved: ${sampled}`;
}

/** As docs/schemas/drift-v1.json describes it. */
export function driftJson(drift: Drift): unknown {
  const { changes, access, apart, denied } = drift;
  return {
    version: 1,
    drifted: hasDrifted(drift),
    changes: changes.map(({ kind, subject, what, expected, actual, statements }) => ({
      kind,
      subject,
      what,
      expected: expected ?? null,
      actual: actual ?? null,
      statements: statements.map(statementJson),
    })),
    access: {
      certainty: access.sampled === undefined ? "proved" : "sampled",
      reason: access.sampled ?? null,
      classes: access.classes,
      changes: access.changes.map(({ before, after, ...rest }) => ({
        ...rest,
        before: verdictJson(before),
        after: verdictJson(after),
      })),
    },
    apart,
    denied,
  };
}

function statementJson(change: StatementChange): unknown {
  const whole = ({ parts }: CanonicalStatement): readonly PartChange[] =>
    parts.map(({ label, values }) => {
      const written = writtenOf({ values });
      return change.kind === "missing"
        ? { label, missing: written, extra: [] }
        : { label, missing: [], extra: written };
    });
  return change.kind === "changed"
    ? { kind: change.kind, sid: change.expected.sid ?? null, parts: change.parts }
    : { kind: change.kind, sid: change.statement.sid ?? null, parts: whole(change.statement) };
}

function verdictJson({
  decision,
  explicit,
  layer,
  statements,
  why,
}: AccessChange["before"]): unknown {
  return {
    decision,
    explicit,
    layer,
    statements: statements.map(({ policy, index, sid }) => ({ policy, index, sid: sid ?? null })),
    why,
  };
}
