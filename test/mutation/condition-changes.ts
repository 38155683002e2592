/** A statement with one of its conditions removed or weaker, in every way. @module */
import type { StatementJson } from "./places.ts";

export interface Change {
  /** "without Action[2]" */
  readonly what: string;
  /** Undefined where the statement is gone. */
  readonly statement: StatementJson | undefined;
}

type Block = Readonly<Record<string, unknown>>;

/** One line of a Condition element. */
interface Line {
  readonly operator: string;
  readonly key: string;
  readonly values: readonly string[];
  readonly effect: string;
  readonly account: string;
}

/** What a line may become: nothing, or another one. */
interface Other {
  readonly what: string;
  readonly operator: string;
  readonly values: readonly string[];
}

export function conditionChanges(statement: StatementJson, account: string): readonly Change[] {
  const condition = (statement["Condition"] ?? {}) as Readonly<Record<string, Block>>;
  const effect = String(statement["Effect"]);
  return Object.entries(condition).flatMap(([operator, block]) => [
    ...(Object.keys(block).length < 2
      ? []
      : [changed(`without ${operator}`, statement, { ...condition, [operator]: {} })]),
    ...Object.entries(block).flatMap(([key, value]) => {
      const line = { operator, key, values: listed(value), effect, account };
      const { [key]: _, ...rest } = block;
      const bare = { ...condition, [operator]: rest };
      return [
        changed(`without ${operator} ${key}`, statement, bare),
        ...othersOf(line).map((other) =>
          changed(`${operator} ${key} ${other.what}`, statement, withLine(bare, key, other)),
        ),
      ];
    }),
  ]);
}

export function listed(value: unknown): readonly string[] {
  if (value === undefined) return [];
  return typeof value === "string" ? [value] : (value as readonly string[]);
}

/** A block without keys, and an element without blocks, is none. */
function changed(
  what: string,
  statement: StatementJson,
  condition: Readonly<Record<string, Block>>,
): Change {
  const blocks = Object.entries(condition).filter(([, block]) => Object.keys(block).length > 0);
  const { Condition: _, ...rest } = statement;
  return {
    what,
    statement: blocks.length === 0 ? rest : { ...rest, Condition: Object.fromEntries(blocks) },
  };
}

function withLine(
  condition: Readonly<Record<string, Block>>,
  key: string,
  { operator, values }: Other,
): Readonly<Record<string, Block>> {
  return { ...condition, [operator]: { ...condition[operator], [key]: values } };
}

function othersOf(line: Line): readonly Other[] {
  return [
    ...fewerValues(line),
    ...withoutDefault(line),
    ...existence(line),
    ...setOperator(line),
    ...byFamily(line),
  ];
}

function fewerValues({ operator, values }: Line): readonly Other[] {
  if (values.length < 2) return [];
  return values.map((text, at) => ({
    what: `without ${text}`,
    operator,
    values: values.toSpliced(at, 1),
  }));
}

function withoutDefault({ operator, values }: Line): readonly Other[] {
  const bare = values.map((text) => text.replace(/\$\{([^},]+),[^}]*\}/g, "${$1}"));
  return bare.join() === values.join()
    ? []
    : [{ what: "without the default of its variable", operator, values: bare }];
}

/**
 * With IfExists where it allows, and without where it denies: the opposite is stricter. An operator with a "not" holds
 * of a missing key in any case, so nothing is changed there.
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
 */
function existence({ operator, values, effect }: Line): readonly Other[] {
  if (operator === "Null" || operator.includes("Not") || operator.includes(":")) return [];
  const has = operator.endsWith("IfExists");
  if (has !== (effect === "Deny")) return [];
  const other = has ? operator.replace("IfExists", "") : `${operator}IfExists`;
  return [{ what: `as ${other}`, operator: other, values }];
}

function setOperator({ operator, values }: Line): readonly Other[] {
  if (!operator.startsWith("ForAllValues:")) return [];
  const other = operator.replace("ForAllValues", "ForAnyValue");
  return [{ what: `as ${other}`, operator: other, values }];
}

function byFamily(line: Line): readonly Other[] {
  const { operator, values, effect, account } = line;
  const base = operator.replace(/^.*:/, "").replace(/IfExists$/, "");
  const prefix = operator.startsWith("For") ? `${operator.split(":")[0]}:` : "";
  switch (base) {
    case "Bool":
    case "Null":
      return [
        {
          what: "the other way round",
          operator,
          values: values.map((one) => (one === "true" ? "false" : "true")),
        },
      ];
    case "NumericLessThan":
    case "NumericGreaterThan":
      return [
        { what: "another threshold", operator, values: values.map((one) => moved(one, effect)) },
      ];
    case "StringEquals":
      return [{ what: "anything", operator: `${prefix}StringLike`, values: ["*"] }];
    case "StringLike":
    case "ArnLike":
    case "ArnEquals":
      return [{ what: "anything", operator, values: ["*"] }, ...widerValues(line)];
    case "StringNotEquals":
      return [{ what: "also another", operator, values: [...values, "another"] }];
    case "StringNotLike":
      return [{ what: "also anything", operator, values: [...values, "*"] }, ...widerValues(line)];
    case "ArnNotEquals":
    case "ArnNotLike":
      return [
        {
          what: "also any role",
          operator: operator.replace("ArnNotEquals", "ArnNotLike"),
          values: [...values, `arn:aws:iam::${account}:role/*`],
        },
        {
          what: "also another role",
          operator,
          values: [...values, `arn:aws:iam::${account}:role/another`],
        },
        {
          what: "also another account's role",
          operator,
          values: [...values, "arn:aws:iam::444455556666:role/another"],
        },
      ];
    case "IpAddress":
    case "NotIpAddress":
      return [{ what: "also any address", operator, values: [...values, "0.0.0.0/0"] }];
    default:
      throw new Error(`no way is known to weaken ${operator}`);
  }
}

/** Lower where less denies, higher where less allows. */
function moved(text: string, effect: string): string {
  const value = Number(text);
  return effect === "Deny" ? String((value * 10 - 1) / 10) : String(value * 10);
}

/** `p/*` becomes `p*`. */
function widerValues({ operator, values }: Line): readonly Other[] {
  return values.flatMap((text, at) =>
    text.endsWith("/*")
      ? [
          {
            what: `${text} without its slash`,
            operator,
            values: values.with(at, text.replace(/\/\*$/, "*")),
          },
        ]
      : [],
  );
}
