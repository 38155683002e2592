/** A statement with one part removed or wider, in every way. @module */
import { type Change, conditionChanges, listed } from "./condition-changes.ts";
import type { StatementJson } from "./places.ts";

/** @param account the deployment's, whose root is put beside roles */
export function changesOf(statement: StatementJson, account: string): readonly Change[] {
  return [
    { what: "removed", statement: undefined },
    ...["Action", "NotAction", "Resource", "NotResource"].flatMap((element) =>
      fewerMembers(statement, element),
    ),
    ...wider(statement, "Action").flatMap((element) => widerActions(statement, element)),
    ...moreExceptions(statement),
    ...wider(statement, "Resource").flatMap((element) => widerResources(statement, element)),
    ...principalChanges(statement, account),
    ...exemptions(statement),
    ...conditionChanges(statement, account),
  ];
}

/** What makes the statement weaker when it is wider: of what denies, only what it leaves out. */
function wider({ Effect: effect }: StatementJson, element: string): readonly string[] {
  return [effect === "Allow" ? element : `Not${element}`];
}

/** Each member less, where a list has several. */
function fewerMembers(statement: StatementJson, element: string): readonly Change[] {
  const members = listed(statement[element]);
  if (members.length < 2) return [];
  return members.map((text, at) => ({
    what: `without ${element} ${text}`,
    statement: { ...statement, [element]: members.toSpliced(at, 1) },
  }));
}

/** `s3:GetObject` becomes `s3:Get*`, and anything of its service. */
function widerActions(statement: StatementJson, element: string): readonly Change[] {
  const actions = listed(statement[element]);
  const wider = new Set(
    actions.flatMap((action) => {
      const [service = "", name = ""] = action.split(":");
      const verb = /^[A-Z][a-z]+/.exec(name)?.[0];
      if (name === "" || name === "*") return [];
      return [`${service}:*`, ...(verb === undefined ? [] : [`${service}:${verb}*`])];
    }),
  );
  return [...wider].map((action) => ({
    what: `${element} also ${action}`,
    statement: { ...statement, [element]: [...actions, action] },
  }));
}

const OBJECT_ACTIONS = [
  "s3:DeleteObjectVersion",
  "s3:GetObjectAttributes",
  "s3:PutObjectAcl",
  "s3:ReplicateObject",
];
const BUCKET_ACTIONS = [
  "s3:DeleteBucket",
  "s3:GetBucketPolicy",
  "s3:PutBucketAcl",
  "s3:PutBucketPolicy",
  "s3:PutReplicationConfiguration",
];

/** A statement that denies all but a list denies less when that is longer. */
function moreExceptions(statement: StatementJson): readonly Change[] {
  const actions = listed(statement["NotAction"]);
  if (statement["Effect"] !== "Deny" || actions.length === 0) return [];
  const isOfObjects = listed(statement["Resource"]).some((text) => text.includes("/"));
  return (isOfObjects ? OBJECT_ACTIONS : BUCKET_ACTIONS)
    .filter((action) => !actions.includes(action))
    .map((action) => ({
      what: `NotAction also ${action}`,
      statement: { ...statement, NotAction: [...actions, action] },
    }));
}

/** `p/*` becomes `p*`, and what follows the last slash or colon becomes `*`. */
function widerResources(statement: StatementJson, element: string): readonly Change[] {
  const resources = listed(statement[element]);
  return resources.flatMap((text, at) => {
    const wider = new Set([text.replace(/\/\*$/, "*"), text.replace(/[^/:]*(\/\*)?$/, "*")]);
    wider.delete(text);
    return [...wider].map((other) => ({
      what: `${element} ${text} as ${other}`,
      statement: { ...statement, [element]: resources.with(at, other) },
    }));
  });
}

function principalChanges(statement: StatementJson, account: string): readonly Change[] {
  const principal = statement["Principal"];
  if (typeof principal !== "object" || principal === null) return [];
  const change = (what: string, Principal: unknown): Change => ({
    what: `Principal ${what}`,
    statement: { ...statement, Principal },
  });
  return Object.entries(principal).flatMap(([kind, value]) => {
    const members = listed(value);
    const others = (list: readonly string[]): object => ({ ...principal, [kind]: list });
    const root = `arn:aws:iam::${account}:root`;
    return [
      change("anyone", "*"),
      ...(members.length < 2
        ? []
        : members.map((text, at) => change(`without ${text}`, others(members.toSpliced(at, 1))))),
      ...(kind === "AWS" && !members.includes(root)
        ? [change("also the account", others([...members, root]))]
        : []),
      ...(strangersIn(account)[kind] ?? []).map((one) =>
        change(`also ${one}`, others([...members, one])),
      ),
    ];
  });
}

/** Whom no map names, by kind of principal. */
const strangersIn = (account: string): Readonly<Record<string, readonly string[]>> => ({
  AWS: [
    `arn:aws:iam::${account}:role/another`,
    `arn:aws:iam::${account}:user/another`,
    "444455556666",
  ],
  Service: ["another.amazonaws.com"],
  Federated: [`arn:aws:iam::${account}:oidc-provider/another.example`],
});

/** What denies spares who says something of its own choice. */
function exemptions(statement: StatementJson): readonly Change[] {
  if (statement["Effect"] !== "Deny") return [];
  const condition = (statement["Condition"] ?? {}) as Readonly<Record<string, object>>;
  return ["aws:UserAgent", "aws:PrincipalTag/spared"].map((key) => ({
    what: `not of ${key}`,
    statement: {
      ...statement,
      Condition: {
        ...condition,
        StringNotEqualsIgnoreCase: { ...condition["StringNotEqualsIgnoreCase"], [key]: "spared" },
      },
    },
  }));
}
