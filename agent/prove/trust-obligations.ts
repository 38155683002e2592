/**
 * Who can become a generated role: exactly whom the map says.
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_terms-and-concepts.html (trust policy)
 * @module
 */
import type { AccessMap, Principal } from "../map/access-map.ts";
import { type Caller, callerOfArn } from "../policy/caller.ts";
import { callerWith, type Keys } from "./caller-facts.ts";
import type { Named } from "./named.ts";
import { classOf, type Unknown } from "./object-requests.ts";
import type { Obligation } from "./obligation.ts";
import { type Stranger, strangersOf } from "./strangers.ts";

type Generated = Extract<Principal, { readonly kind: "ec2" | "oidc" | "service" | "human" }>;

export function trustObligations(map: AccessMap, named: Named): readonly Obligation[] {
  return map.principals.flatMap((principal) => {
    switch (principal.kind) {
      case "ec2":
      case "oidc":
      case "service":
      case "human":
        return ofRole(map, principal, named);
      case "existing":
      case "sso":
      case "user":
      case "foreign":
        return [];
      default:
        return principal satisfies never;
    }
  });
}

interface Attempt {
  readonly who: string;
  readonly caller: Caller;
  readonly action: string;
  readonly keys: Keys;
  /** In whatever context besides, or as it is meant. */
  readonly isEveryday: boolean;
  readonly where?: object | undefined;
  readonly unknown?: Unknown | undefined;
}

function ofRole(map: AccessMap, principal: Generated, named: Named): readonly Obligation[] {
  const obligation = (attempt: Attempt): Obligation => ({
    id: `${principal.name}/assumed by ${attempt.who} ${attempt.isEveryday ? "allowed" : "denied"}: whole`,
    kind: "trust",
    layer: "whole",
    line: map.lineOf(["principals", principal.name]),
    actor: { name: attempt.who, caller: attempt.caller, own: "everything" },
    expected: attempt.isEveryday ? "allow" : "deny",
    objects: undefined,
    ways: () => [
      [
        {
          requestClass: classOf(
            { map, target: map.home, caller: attempt.caller, unknown: attempt.unknown },
            attempt.action,
            principal.arn,
            {
              keys: attempt.keys,
              otherKeys: attempt.isEveryday ? "absent" : "free",
              where: attempt.where ?? {},
            },
          ),
          endpoint: undefined,
        },
      ],
    ],
  });
  const wanted = meant(map, principal);
  return [...wanted, ...others(map, principal, wanted, named)].map(obligation);
}

const ASSUME = "sts:AssumeRole";
const WITH_TOKEN = "sts:AssumeRoleWithWebIdentity";

function meant({ account, partition }: AccessMap, principal: Generated): readonly Attempt[] {
  switch (principal.kind) {
    case "ec2":
      return [as(serviceOf("ec2", partition))];
    case "service":
      return [as(principal.service, { "aws:SourceAccount": account })];
    case "oidc":
      return principal.subjects.map((subject) => ({
        who: subject,
        caller: {
          kind: "federated",
          provider: providerArn(principal.provider, account, partition),
        },
        action: WITH_TOKEN,
        keys: {
          [`${principal.provider}:aud`]: principal.audience,
          [`${principal.provider}:sub`]: subject.replace(/\*$/, "x"),
        },
        isEveryday: true,
      }));
    case "human":
      return principal.trusted.map((arn) => ({
        who: arn,
        caller: callerWith(arn),
        action: ASSUME,
        keys: { "aws:MultiFactorAuthPresent": "true", "aws:MultiFactorAuthAge": "60" },
        isEveryday: true,
      }));
    default:
      return principal satisfies never;
  }
}

function as(service: string, keys: Keys = {}): Attempt {
  return {
    who: service,
    caller: { kind: "service", name: service },
    action: ASSUME,
    keys,
    isEveryday: true,
  };
}

function serviceOf(name: string, partition: string): string {
  return `${name}.amazonaws.com${partition === "aws-cn" && name === "ec2" ? ".cn" : ""}`;
}

function providerArn(provider: string, account: string, partition: string): string {
  return `arn:${partition}:iam::${account}:oidc-provider/${provider}`;
}

function others(
  map: AccessMap,
  principal: Generated,
  wanted: readonly Attempt[],
  named: Named,
): readonly Attempt[] {
  const { account, partition } = map;
  const service = (name: string): Attempt => ({ ...as(name), isEveryday: false });
  const provider = providerArn("token.another.example", account, partition);
  const known = principal.kind === "human" ? principal.trusted : [];
  const isWanted = ({ caller }: Stranger): boolean =>
    wanted.some((one) => JSON.stringify(one.caller) === JSON.stringify(caller));
  return [
    ...strangersOf(map, named.inTrust(principal.arn), known)
      .filter((one) => !isWanted(one))
      .flatMap(byStranger),
    service(principal.kind === "ec2" ? "lambda.amazonaws.com" : serviceOf("ec2", partition)),
    {
      ...service(provider),
      caller: { kind: "federated", provider },
      action: WITH_TOKEN,
    },
    ...(principal.kind === "oidc" ? wrongTokens(map, principal) : []),
    ...(principal.kind === "human" ? withoutMfa(principal) : []),
    // the service on behalf of somebody else's account
    ...(principal.kind === "service"
      ? [
          {
            ...service(principal.service),
            who: `${principal.service} for another account`,
            where: { StringNotEquals: { "aws:SourceAccount": account } },
          },
        ]
      : []),
  ];
}

/** Providers of OpenID Connect and of SAML have an action each. */
function byStranger({ name, kind, caller, unknown }: Stranger): readonly Attempt[] {
  const attempt = { caller, keys: {}, isEveryday: false, unknown };
  return kind === "identity provider"
    ? [
        { ...attempt, who: name, action: WITH_TOKEN },
        { ...attempt, who: `${name} by SAML`, action: "sts:AssumeRoleWithSAML" },
      ]
    : [{ ...attempt, who: name, action: ASSUME }];
}

function wrongTokens(
  { account, partition }: AccessMap,
  { provider, audience, subjects }: Extract<Principal, { readonly kind: "oidc" }>,
): readonly Attempt[] {
  const base = {
    caller: { kind: "federated", provider: providerArn(provider, account, partition) },
    action: WITH_TOKEN,
    isEveryday: false,
  } as const;
  return [
    {
      ...base,
      who: "another audience",
      keys: {},
      where: { StringNotEquals: { [`${provider}:aud`]: audience } },
    },
    {
      ...base,
      who: "another subject",
      keys: {},
      where: { StringNotLike: { [`${provider}:sub`]: subjects } },
    },
  ];
}

function withoutMfa({
  trusted,
}: Extract<Principal, { readonly kind: "human" }>): readonly Attempt[] {
  return trusted
    .filter((arn) => callerOfArn(arn) !== undefined)
    .flatMap((arn): readonly Attempt[] => {
      const attempt = { caller: callerWith(arn), action: ASSUME, isEveryday: false };
      return [
        {
          ...attempt,
          who: `${arn} without MFA`,
          keys: {
            "aws:MultiFactorAuthPresent": { kind: "one of", alternatives: [[], ["false"]] },
            // without MFA there is no time of it
            "aws:MultiFactorAuthAge": [],
          },
        },
        {
          ...attempt,
          who: `${arn} with MFA of an hour ago`,
          keys: { "aws:MultiFactorAuthPresent": "true" },
          where: { NumericGreaterThanEquals: { "aws:MultiFactorAuthAge": "3600" } },
        },
      ];
    });
}
