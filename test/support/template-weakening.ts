/** A template with one part less, in every way that there is. */
import type { TemplateCase } from "./template-cases.ts";

type Json = Record<string, unknown>;

export interface Weakened {
  /** "Condition.Bool.aws:SecureTransport", "Action[2]" */
  readonly without: string;
  readonly one: TemplateCase;
}

export function weakenings(one: TemplateCase): readonly Weakened[] {
  const statement = statementIn(structuredClone(one.template));
  const conditions = Object.entries((statement["Condition"] ?? {}) as Json).flatMap(
    ([operator, keys]) =>
      Object.keys(keys as Json).map((key) =>
        weaken(one, `Condition.${operator}.${key}`, (copy) => {
          const blocks = copy["Condition"] as Record<string, Json>;
          const { [key]: _, ...rest } = blocks[operator] ?? {};
          copy["Condition"] = { ...blocks, [operator]: rest };
        }),
      ),
  );
  const lists = ["Action", "NotAction", "Resource", "NotResource"].flatMap((element) => {
    const members = statement[element];
    if (!Array.isArray(members)) return [];
    return members.map((_, at) =>
      weaken(one, `${element}[${at}]`, (copy) => {
        copy[element] = (copy[element] as readonly unknown[]).filter((__, index) => index !== at);
      }),
    );
  });
  return [...conditions, ...lists];
}

function weaken(one: TemplateCase, without: string, change: (statement: Json) => void): Weakened {
  const template = structuredClone(one.template) as Json;
  change(statementIn(template));
  const text = JSON.stringify(template);
  // a value that nothing takes any more is a fault of the program
  const values = Object.entries(one.values).filter(([name]) =>
    new RegExp(`\\{\\{${name}[.?}]`).test(text),
  );
  return { without, one: { ...one, template, values: Object.fromEntries(values) } };
}

/** Of a whole document its one statement. */
function statementIn(template: Json): Json {
  const { Statement: statements } = template;
  return Array.isArray(statements) ? (statements[0] as Json) : template;
}
