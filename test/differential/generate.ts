/** Scenarios at random, from the pieces that policies for secrets are made of; fast-check shrinks them. */
import fc from "fast-check";
import type { Asked } from "./oracle.ts";

const A = "111122223333";
const O = "444455556666";
const B = "arn:aws:s3:::acme-secrets";
const K = `arn:aws:kms:eu-central-1:${A}:key/1234abcd-12ab-34cd-56ef-1234567890ab`;
const WEB = `arn:aws:iam::${A}:role/web`;

interface Kind {
  readonly actions: readonly string[];
  readonly patterns: readonly string[];
  readonly resources: readonly string[];
  readonly targets: readonly string[];
  readonly isBucket: boolean;
}

const KINDS: readonly Kind[] = [
  {
    actions: ["s3:GetObject", "s3:PutObject", "s3:GetObjectVersion", "s3:DeleteObject"],
    patterns: ["s3:GetObject", "s3:Get*", "S3:getobject*", "s3:*Object", "s3:*", "*", "kms:*"],
    resources: [`${B}/web/*`, `${B}/web*`, `${B}/*`, `${B}/w?b/db`, `${B}/web/db`, B, "*"],
    targets: [`${B}/web/db`, `${B}/web-admin/db`, `${B}/db/pw`],
    isBucket: true,
  },
  {
    actions: ["s3:ListBucket"],
    patterns: ["s3:ListBucket", "s3:List*", "s3:*", "*", "s3:GetObject"],
    resources: [B, `${B}*`, `${B}/*`, "*", "arn:aws:s3:::*"],
    targets: [B],
    isBucket: true,
  },
  {
    actions: ["kms:Decrypt", "kms:GenerateDataKey"],
    patterns: ["kms:Decrypt", "kms:*", "*", "kms:GenerateDataKey*", "kms:De?rypt"],
    resources: [K, "*", `arn:aws:kms:*:${A}:key/*`, `arn:aws:kms:us-east-1:${A}:key/*`],
    targets: [K],
    isBucket: false,
  },
  {
    actions: ["sts:AssumeRole"],
    patterns: ["sts:AssumeRole", "sts:*", "*", "sts:TagSession"],
    resources: [`arn:aws:iam::${A}:role/break-glass`, "*", `arn:aws:iam::${A}:role/*`],
    targets: [`arn:aws:iam::${A}:role/break-glass`],
    isBucket: false,
  },
];

interface Caller {
  readonly principal: Asked["principal"];
  readonly arn: string | undefined;
  readonly account: string | undefined;
}

const session = (account: string): Caller => ({
  principal: { arn: `arn:aws:sts::${account}:assumed-role/web/i-0abc` },
  arn: `arn:aws:iam::${account}:role/web`,
  account,
});
const user = (account: string): Caller => {
  const arn = `arn:aws:iam::${account}:user/ada`;
  return { principal: { arn }, arn, account };
};
const CALLERS: readonly Caller[] = [
  session(A),
  session(A),
  session(O),
  user(A),
  user(O),
  { principal: { service: "logging.s3.amazonaws.com" }, arn: undefined, account: undefined },
];

const PRINCIPALS: readonly unknown[] = [
  "*",
  { AWS: "*" },
  { AWS: A },
  { AWS: `arn:aws:iam::${A}:root` },
  { AWS: O },
  { AWS: WEB },
  { AWS: `arn:aws:sts::${A}:assumed-role/web/i-0abc` },
  { AWS: `arn:aws:sts::${A}:assumed-role/web/i-0def` },
  { AWS: [`arn:aws:iam::${A}:user/ada`, `arn:aws:iam::${O}:role/web`] },
  { Service: "logging.s3.amazonaws.com" },
];

const TEXTS = ["web", "db", "Web", "w*", "?eb", "", "web-admin", "${*}"];
const VARIABLES = [
  "${aws:PrincipalTag/part}",
  "x${aws:PrincipalTag/part}",
  "${aws:PrincipalTag/part, 'web'}",
];
const FAMILIES: readonly (readonly [
  operators: readonly string[],
  keys: readonly string[],
  values: readonly string[],
])[] = [
  [
    [
      "StringEquals",
      "StringNotEquals",
      "StringLike",
      "StringNotLike",
      "StringEqualsIgnoreCase",
      "StringNotEqualsIgnoreCase",
    ],
    [
      "aws:PrincipalTag/team",
      "aws:principaltag/TEAM",
      "aws:SourceVpce",
      "kms:EncryptionContext:app",
    ],
    [...TEXTS.filter((text) => text !== ""), ...VARIABLES],
  ],
  [
    [
      "ForAllValues:StringEquals",
      "ForAllValues:StringLike",
      "ForAllValues:StringNotEquals",
      "ForAnyValue:StringEquals",
      "ForAnyValue:StringLike",
      "ForAnyValue:StringNotLike",
    ],
    ["aws:PrincipalOrgPaths"],
    ["o-a/r-1/*", "o-a/r-1/ou-1/", "o-b/r-2/", "*"],
  ],
  [["Bool"], ["aws:SecureTransport", "aws:ViaAWSService"], ["true", "false"]],
  [
    ["IpAddress", "NotIpAddress"],
    ["aws:SourceIp"],
    ["203.0.113.0/24", "203.0.113.7", "10.0.0.0/8", "2001:db8::/32"],
  ],
  [
    [
      "NumericEquals",
      "NumericNotEquals",
      "NumericLessThan",
      "NumericLessThanEquals",
      "NumericGreaterThan",
      "NumericGreaterThanEquals",
    ],
    ["aws:MultiFactorAuthAge"],
    ["0", "60", "60.5", "3600"],
  ],
  [
    [
      "DateEquals",
      "DateNotEquals",
      "DateLessThan",
      "DateLessThanEquals",
      "DateGreaterThan",
      "DateGreaterThanEquals",
    ],
    ["aws:CurrentTime"],
    ["2026-11-25T09:00:00Z", "2026-11-25T10:00:00Z"],
  ],
  [
    ["ArnEquals", "ArnLike", "ArnNotEquals", "ArnNotLike"],
    ["aws:PrincipalArn"],
    [WEB, `arn:aws:iam::${A}:role/*`, `arn:aws:iam::*:role/w?b`, `arn:aws:iam::${O}:*`],
  ],
];
const VALUES: Readonly<Record<string, readonly (string | readonly string[])[]>> = {
  "aws:PrincipalTag/team": TEXTS.map((text) => (text === "${*}" ? "*" : text)),
  "aws:PrincipalTag/part": ["web", "w*", "db"],
  "aws:SourceVpce": ["web", "db"],
  "kms:EncryptionContext:app": ["web", "db"],
  "aws:PrincipalOrgPaths": [["o-a/r-1/"], ["o-a/r-1/ou-1/", "o-b/r-2/"], ["o-b/r-2/"]],
  "aws:SecureTransport": ["true", "false"],
  "aws:ViaAWSService": ["true", "false"],
  "aws:SourceIp": ["203.0.113.7", "203.0.114.7", "10.9.8.7", "2001:db8::7"],
  "aws:MultiFactorAuthAge": ["0", "60", "3600"],
  "aws:CurrentTime": ["2026-11-25T08:59:59Z", "2026-11-25T09:00:00Z", "2026-11-25T11:00:00Z"],
};

const someOf = (pool: readonly string[]): fc.Arbitrary<string | string[]> =>
  fc.oneof(
    fc.constantFrom(...pool),
    fc.uniqueArray(fc.constantFrom(...pool), { minLength: 1, maxLength: 3 }),
  );

const plainCondition = fc
  .constantFrom(...FAMILIES)
  .chain(([operators, keys, values]) =>
    fc
      .tuple(
        fc.constantFrom(...operators),
        fc.constantFrom("", "", "IfExists"),
        fc.constantFrom(...keys),
        someOf(values),
      )
      .map(([operator, suffix, key, value]) => [`${operator}${suffix}`, { [key]: value }] as const),
  );
const nullCondition = fc
  .tuple(fc.constantFrom(...Object.keys(VALUES)), fc.constantFrom("true", "false"))
  .map(([key, value]) => ["Null", { [key]: value }] as const);
const conditions = fc
  .array(
    fc.oneof({ weight: 6, arbitrary: plainCondition }, { weight: 1, arbitrary: nullCondition }),
    { maxLength: 2 },
  )
  .map((entries) => Object.fromEntries(entries));

const effect = fc.constantFrom("Allow", "Allow", "Allow", "Deny");
const name = (base: string): fc.Arbitrary<string> =>
  fc.constantFrom(base, base, base, `Not${base}`);

function statement(kind: Kind, has: { readonly principal?: boolean; readonly resource?: boolean }) {
  return fc
    .record({
      effect,
      action: fc.tuple(name("Action"), someOf(kind.patterns)),
      resource: fc.tuple(name("Resource"), someOf(kind.resources)),
      principal: fc.constantFrom(...PRINCIPALS),
      condition: conditions,
    })
    .map((one) => ({
      Effect: one.effect,
      ...(has.principal === true ? { Principal: one.principal } : {}),
      [one.action[0]]: one.action[1],
      ...(has.resource === false ? {} : { [one.resource[0]]: one.resource[1] }),
      ...(Object.keys(one.condition).length === 0 ? {} : { Condition: one.condition }),
    }));
}

type Statement = fc.Arbitrary<Readonly<Record<string, unknown>>>;

function documentOf(one: Statement): Statement {
  return fc
    .tuple(
      fc.constantFrom("2012-10-17", "2012-10-17", "2012-10-17", "2008-10-17"),
      fc.array(one, { minLength: 1, maxLength: 3 }),
    )
    .map(([Version, Statement]) => ({ Version, Statement }));
}

/** @param weight how many in ten have one */
const maybe = (
  one: Statement,
  weight: number,
): fc.Arbitrary<Readonly<Record<string, unknown>> | undefined> =>
  fc.oneof({ weight, arbitrary: one }, { weight: 10 - weight, arbitrary: fc.constant(undefined) });

const asNew = (document: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> => ({
  ...document,
  Version: "2012-10-17",
});

type Levels = readonly (readonly Readonly<Record<string, unknown>>[])[];

const maybeLevels = (one: Statement, minLength: number): fc.Arbitrary<Levels> =>
  fc.oneof(
    {
      weight: 2,
      arbitrary: fc.array(fc.array(one, { minLength, maxLength: 2 }), { maxLength: 2 }),
    },
    { weight: 8, arbitrary: fc.constant([]) },
  );

const context = fc
  .record(
    Object.fromEntries(
      Object.entries(VALUES).map(([key, values]) => [key, fc.constantFrom(...values)]),
    ),
    { requiredKeys: [] },
  )
  .map((keys): Asked["context"] => keys);

/** Requests with all that may bind them; most have little of it. */
export const scenarios: fc.Arbitrary<Asked> = fc
  .tuple(fc.constantFrom(...KINDS), fc.constantFrom(...CALLERS))
  .chain(([kind, caller]) => {
    const isTrust = kind.actions.includes("sts:AssumeRole");
    const isRole = caller.arn?.includes(":role/") === true;
    const own = documentOf(statement(kind, {}));
    const shared = documentOf(statement(kind, { principal: true, resource: !isTrust }));
    const everyone = statement(kind, {}).map((one) => ({ ...one, Principal: "*" }));
    const rcp = fc
      .record({
        // an rcp names its services
        Action: someOf(kind.patterns.filter((pattern) => pattern !== "*")),
        Resource: someOf(kind.resources),
        Condition: conditions,
      })
      .map((one) => ({ Effect: "Deny", Principal: "*", ...one }));
    const none = fc.constant(undefined);
    return fc.record({
      principal: fc.constant(caller.principal),
      action: fc.constantFrom(...kind.actions),
      resource: fc.constantFrom(...kind.targets).map((arn) => ({ arn, account: A })),
      context: context.map((keys) =>
        caller.arn === undefined ? keys : { ...keys, "aws:PrincipalArn": caller.arn },
      ),
      policies: fc.record({
        identity: caller.arn === undefined ? fc.constant([]) : fc.array(own, { maxLength: 2 }),
        // a bucket may have none; every key and role has one
        resource: kind.isBucket ? maybe(shared, 7) : shared,
        session: isRole ? maybe(own, 3) : none,
        boundary: caller.arn === undefined ? none : maybe(own, 3),
        // of an organisation's documents there are none of the old version
        scp: caller.arn === undefined ? fc.constant([]) : maybeLevels(own.map(asNew), 1),
        rcp: maybeLevels(documentOf(rcp).map(asNew), 0),
        endpoint: maybe(documentOf(everyone), 2),
      }),
    });
  });
