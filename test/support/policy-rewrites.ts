/** Random policy documents, the same in other words, and others that differ in one thing. @module */
import fc from "fast-check";

export type Json = Readonly<Record<string, unknown>>;

const ACCOUNT = "111122223333";
const ROLE = `arn:aws:iam::${ACCOUNT}:role`;

const actions = fc.subarray(["s3:GetObject", "s3:PutObject", "s3:List*", "kms:Decrypt"], {
  minLength: 1,
});
const resources = fc.subarray(
  [
    "arn:aws:s3:::acme-secrets",
    "arn:aws:s3:::acme-secrets/web/*",
    "arn:aws:s3:::acme-secrets/${aws:PrincipalTag/group}/*",
  ],
  { minLength: 1 },
);
const principals = fc.oneof(
  fc.constant("*"),
  fc
    .subarray([ACCOUNT, `${ROLE}/web`, `${ROLE}/db`, "arn:aws:iam::444455556666:root"], {
      minLength: 1,
    })
    .map((AWS) => ({ AWS })),
  fc.constant({ AWS: [`${ROLE}/web`], Service: ["ec2.amazonaws.com"] }),
);
const CONDITIONS: readonly (readonly [
  operator: string,
  key: string,
  values: readonly unknown[],
])[] = [
  ["StringEquals", "aws:SourceVpce", ["vpce-0a", "vpce-0b"]],
  ["StringLike", "s3:prefix", ["web/", "web/*"]],
  ["Bool", "aws:SecureTransport", ["true"]],
  ["Null", "kms:EncryptionContext:postern:revision", ["false"]],
  ["NumericLessThan", "s3:TlsVersion", ["1.2"]],
  ["NotIpAddress", "aws:SourceIp", ["203.0.113.0/24", "198.51.100.7"]],
  ["ForAllValues:StringEquals", "kms:EncryptionContextKeys", ["group", "bucket"]],
];
const condition = fc
  .subarray([...CONDITIONS])
  .map((chosen) =>
    Object.fromEntries(chosen.map(([operator, key, values]) => [operator, { [key]: values }])),
  );

const statement = fc.record({
  Sid: fc.constant("One"),
  Effect: fc.constantFrom("Allow", "Deny"),
  Principal: principals,
  Action: actions,
  Resource: resources,
  Condition: condition,
});

/** All elements written at length, as lists; no two statements alike. */
export const documents: fc.Arbitrary<Json> = fc
  .uniqueArray(statement, {
    minLength: 1,
    maxLength: 4,
    selector: (one) => JSON.stringify({ ...one, Sid: "" }),
  })
  .map((statements) => ({
    Version: "2012-10-17",
    Statement: statements.map((one, at) => ({ ...one, Sid: `Sid${at}` })),
  }));

/** Decides `amount` ways at the turn of a die. */
export type Choose = (amount: number) => number;

export const choices: fc.Arbitrary<Choose> = fc.infiniteStream(fc.nat(1_000_000)).map((stream) => {
  return (amount) => (stream.next().value ?? 0) % amount;
});

/** The document as AWS or a tool might give it back. */
export function reworded(document: Json, choose: Choose): Json {
  const statements = (document["Statement"] as readonly Json[]).map((one) =>
    rewordedStatement(one, choose),
  );
  const mixed = shuffled(statements, choose);
  return {
    ...(choose(2) === 0 ? { Id: "deployed" } : {}),
    Statement: mixed.length === 1 && choose(2) === 0 ? mixed[0] : mixed,
    Version: document["Version"],
  };
}

function rewordedStatement(statement: Json, choose: Choose): Json {
  const { Sid: sid, Principal: principal, Condition: condition, ...rest } = statement;
  const entries = shuffled(Object.entries(rest), choose).map(([name, element]) => [
    name,
    name === "Effect" ? element : inOtherWords(element, choose, name === "Action" ? cased : same),
  ]);
  return {
    ...(choose(2) === 0 ? { Sid: choose(2) === 0 ? sid : `Other${choose(1_000_000)}` } : {}),
    ...Object.fromEntries(entries),
    ...(principal === undefined ? {} : { Principal: rewordedPrincipal(principal, choose) }),
    ...(Object.keys(condition as Json).length === 0 && choose(2) === 0
      ? {}
      : { Condition: rewordedCondition(condition as Json, choose) }),
  };
}

function rewordedPrincipal(principal: unknown, choose: Choose): unknown {
  return principal === "*" ? [principal, { AWS: "*" }][choose(2)] : byKind(principal, choose);
}

function byKind(principal: unknown, choose: Choose): Json {
  return Object.fromEntries(
    shuffled(Object.entries(principal as Json), choose).map(([kind, members]) => [
      kind,
      inOtherWords(members, choose, kind === "AWS" ? rooted : same),
    ]),
  );
}

function rewordedCondition(condition: Json, choose: Choose): Json {
  return Object.fromEntries(
    shuffled(Object.entries(condition), choose).map(([operator, keys]) => [
      operator,
      Object.fromEntries(
        Object.entries(keys as Json).map(([key, values]) => [
          cased(key, choose),
          inOtherWords(values, choose, /^(Bool|Null)$/.test(operator) ? typed : spelt),
        ]),
      ),
    ]),
  );
}

type Spell = (text: string, choose: Choose) => unknown;

const same: Spell = (text) => text;
const cased = (text: string, choose: Choose): string =>
  [text, text.toLowerCase(), text.replace(/:[a-z]/, (found) => found.toUpperCase())][choose(3)] ??
  "";
const typed: Spell = (text, choose) =>
  text === "true" || text === "false"
    ? [text, text === "true", text.toUpperCase()][choose(3)]
    : text;
const rooted: Spell = (text, choose) => {
  const account = /^(?:arn:aws:iam::)?(\d{12})(?::root)?$/.exec(text)?.[1];
  return account === undefined ? text : [account, `arn:aws:iam::${account}:root`][choose(2)];
};
const spelt: Spell = (text, choose) => {
  if (text === "1.2") return [text, 1.2, "1.20"][choose(3)];
  return text === "198.51.100.7" ? [text, `${text}/32`][choose(2)] : text;
};

function inOtherWords(element: unknown, choose: Choose, spell: Spell): unknown {
  const values = shuffled(element as readonly string[], choose).map((one) => spell(one, choose));
  const [only, ...more] = values;
  if (more.length === 0) return choose(2) === 0 ? only : values;
  return choose(4) === 0 ? [...values, only] : values;
}

function shuffled<Thing>(things: readonly Thing[], choose: Choose): readonly Thing[] {
  return things
    .map((thing) => ({ thing, at: choose(1_000_000) }))
    .toSorted((one, other) => one.at - other.at)
    .map(({ thing }) => thing);
}

/** Every document that differs from this one in one statement, each with what was done. */
export function mutations(document: Json): readonly (readonly [what: string, mutant: Json])[] {
  const statements = document["Statement"] as readonly Json[];
  const [first] = statements;
  const instead = (at: number, one: readonly Json[]): Json => ({
    ...document,
    Statement: statements.toSpliced(at, 1, ...one),
  });
  return [
    [
      "one more",
      instead(0, [{ ...first, Sid: "More", Action: ["s3:RestoreObject"] }, first ?? {}]),
    ],
    ...statements.flatMap((one, at) => [
      [`without ${at}`, instead(at, [])] as const,
      ...statementMutations(one).map(
        ([what, mutant]) => [`${at}: ${what}`, instead(at, [mutant])] as const,
      ),
    ]),
  ];
}

type Mutant = readonly [what: string, mutant: Json];

function statementMutations(statement: Json): readonly Mutant[] {
  const condition = statement["Condition"] as Readonly<Record<string, Json>>;
  const effect = statement["Effect"] === "Allow" ? "Deny" : "Allow";
  const inTime = { DateLessThan: { "aws:CurrentTime": ["2030-01-01T00:00:00Z"] } };
  return [
    ["the other effect", { ...statement, Effect: effect }],
    ["a new condition", { ...statement, Condition: { ...condition, ...inTime } }],
    ...listMutations(statement, "Action", "s3:RestoreObject"),
    ...listMutations(statement, "Resource", "arn:aws:s3:::other/*"),
    ...principalMutations(statement),
    ...Object.entries(condition).flatMap(([operator, keys]): readonly Mutant[] => [
      [`without ${operator}`, { ...statement, Condition: omit(condition, operator) }],
      ...(operator === "Null"
        ? []
        : [
            [
              `${operator}IfExists`,
              {
                ...statement,
                Condition: { ...omit(condition, operator), [`${operator}IfExists`]: keys },
              },
            ] as const,
          ]),
      ...Object.entries(keys).flatMap(([key, values]): readonly Mutant[] => [
        [
          `another key for ${key}`,
          { ...statement, Condition: { ...condition, [operator]: { [`${key}x`]: values } } },
        ],
        ...lists(values, anotherFor(operator, values)).map(
          ([what, list]) =>
            [
              `${key} ${what}`,
              { ...statement, Condition: { ...condition, [operator]: { [key]: list } } },
            ] as const,
        ),
      ]),
    ]),
  ];
}

/** Of an element that the statement has. */
function listMutations(statement: Json, name: string, another: string): readonly Mutant[] {
  if (statement[name] === undefined) return [];
  return [
    ...lists(statement[name], another).map(
      ([what, list]) => [`${name} ${what}`, { ...statement, [name]: list }] as const,
    ),
    [`Not${name}`, { ...omit(statement, name), [`Not${name}`]: statement[name] }],
  ];
}

function principalMutations(statement: Json): readonly Mutant[] {
  const principal = statement["Principal"];
  if (principal === undefined) return [];
  const own = typeof principal === "object" ? principal : {};
  return [
    principal === "*"
      ? ["somebody", { ...statement, Principal: { AWS: [`${ROLE}/web`] } }]
      : ["anybody", { ...statement, Principal: "*" }],
    ["another service", { ...statement, Principal: { ...own, Service: ["s3.amazonaws.com"] } }],
  ];
}

function anotherFor(operator: string, values: unknown): unknown {
  if (/^(Bool|Null)/.test(operator))
    return (values as readonly string[])[0] === "true" ? "false" : "true";
  if (operator.startsWith("Numeric")) return "9";
  return operator.includes("Ip") ? "192.0.2.0/24" : "arn:aws:iam::111122223333:role/another";
}

/** Without one value, and with another beside them. */
function lists(
  values: unknown,
  another: unknown,
): readonly (readonly [what: string, list: readonly unknown[]])[] {
  const list = values as readonly unknown[];
  return [
    ["and more", [...list, another]],
    ...(list.length === 1
      ? []
      : list.map((one, at) => [`without ${String(one)}`, list.toSpliced(at, 1)] as const)),
  ];
}

function omit(record: Json, name: string): Json {
  return Object.fromEntries(Object.entries(record).filter(([one]) => one !== name));
}

/** The document with all its elements written at length, as `documents` are. */
export function inLists(document: Json): Json {
  const listed = (element: unknown): unknown =>
    typeof element === "object" && element !== null && !Array.isArray(element)
      ? Object.fromEntries(Object.entries(element).map(([key, one]) => [key, [one].flat()]))
      : element;
  const statements = [document["Statement"]].flat() as readonly Json[];
  return {
    ...document,
    Statement: statements.map((one) => ({
      ...Object.fromEntries(
        Object.entries(one)
          .filter(([name]) => !["Principal", "Condition"].includes(name))
          .map(([name, element]) => [
            name,
            /^(Sid|Effect)$/.test(name) ? element : [element].flat(),
          ]),
      ),
      ...(one["Principal"] === undefined ? {} : { Principal: listed(one["Principal"]) }),
      Condition: Object.fromEntries(
        Object.entries((one["Condition"] ?? {}) as Json).map(([operator, keys]) => [
          operator,
          listed(keys),
        ]),
      ),
    })),
  };
}
