/**
 * Requests by which two versions of a document could be told apart: callers, actions and resources one by one, and all
 * contexts that AWS could make of them.
 * @module
 */
import type { AccessMap } from "../../agent/map/access-map.ts";
import type { Caller } from "../../agent/policy/caller.ts";
import type { Deployment } from "../../agent/policy/deployment.ts";
import type { Policy } from "../../agent/policy/document.ts";
import { type Arn, parseArn } from "../../agent/policy/glob.ts";
import { callerOf, callerWith, type Keys } from "../../agent/prove/caller-facts.ts";
import { BUCKET_ACTIONS, KEY_ACTIONS } from "../../agent/prove/known-actions.ts";
import { resourceRepresentatives } from "../../agent/prove/keys.ts";
import { namedIn } from "../../agent/prove/named.ts";
import { type Unknown, withFacts, withUnknown } from "../../agent/prove/object-requests.ts";
import {
  type ClassInput,
  type RequestClass,
  requestClassOf,
} from "../../agent/prove/request-class.ts";
import { knownArns, strangersOf } from "../../agent/prove/strangers.ts";
import { HOST_ACTIONS, hostArn } from "../../agent/prove/takeover.ts";
import { OBJECT_ACTIONS, ROLE_ACTIONS } from "./actions.ts";
import { type DocumentPlace, type StatementJson, statementsOf } from "./places.ts";

const ELSEWHERE = "999988887777";

/** Somebody, or all of whom what is not known may be true. */
export interface Asker {
  readonly caller: Caller;
  readonly unknown?: Unknown | undefined;
}

/** Who could be bound by the document. */
export function askersFor(
  map: AccessMap,
  { kind, owner, document }: DocumentPlace,
  changed: Deployment,
): readonly Asker[] {
  const asker = (caller: Caller): Asker => ({ caller });
  if (kind === "identity" || kind === "boundary")
    return map.principals
      .filter((one) => (one.kind === "sso" ? one.arnPattern : one.arn) === owner)
      .map(callerOf)
      .map(asker);
  const named = statementsOf(document).flatMap(({ Principal: principal }) =>
    typeof principal === "object" && principal !== null
      ? Object.entries(principal).flatMap(([type, value]) =>
          [value].flat().flatMap((text) => namedCaller(type, String(text))),
        )
      : [],
  );
  return [
    ...map.principals.map(callerOf).map(asker),
    ...strangersOf(map, namedIn(changed).onResources, knownArns(map)),
    ...(kind === "trust" ? named.map(asker) : []),
    asker({ kind: "service", name: "lambda.amazonaws.com" }),
  ];
}

function namedCaller(type: string, text: string): readonly Caller[] {
  if (type === "Service") return [{ kind: "service", name: text }];
  if (type === "Federated") return [{ kind: "federated", provider: text }];
  return /:(role|user)\//.test(text) ? [callerWith(text)] : [];
}

/** What could be asked for of the document. */
export function resourcesFor(
  map: AccessMap,
  { kind, owner }: DocumentPlace,
  policies: readonly Policy[],
): readonly Arn[] {
  const { partition, account } = map;
  const bucket = `arn:${partition}:s3:::${owner}`;
  if (kind === "trust") return parsed(owner.replace(/ trust$/, ""));
  if (owner.includes(":key/")) return parsed(owner);
  const within = kind === "resource" ? [bucket, `${bucket}/*`] : [`arn:${partition}:s3:::*`];
  const others = [
    `arn:${partition}:kms:${map.home.region}:${account}:key/*`,
    `arn:${partition}:kms:${map.home.region}:${ELSEWHERE}:key/*`,
    `arn:${partition}:iam::${account}:role/*`,
  ];
  const known = [map.home, ...map.replicas].map((one) => `arn:${partition}:s3:::${one.bucket}`);
  return [...within, ...(kind === "resource" ? [] : others)]
    .flatMap((one) => resourceRepresentatives(one, policies, known).resources)
    .concat(kind === "resource" ? [] : parsed(hostArn(map)));
}

function parsed(text: string): readonly Arn[] {
  const arn = parseArn(text);
  return arn === undefined ? [] : [arn];
}

export function actionsOn({ head: [, , service], tail }: Arn): readonly string[] {
  if (service === "s3") return tail.includes("/") ? OBJECT_ACTIONS : BUCKET_ACTIONS;
  if (service === "kms") return KEY_ACTIONS;
  return service === "iam" ? ROLE_ACTIONS : HOST_ACTIONS;
}

/**
 * All contexts of a request, as classes.
 * @param statements those that are compared
 */
export function classesOf(
  map: AccessMap,
  { caller, unknown }: Asker,
  action: string,
  resource: Arn,
  statements: readonly StatementJson[],
): readonly RequestClass[] {
  const [, , service = "", , owner = ""] = resource.head;
  const isOurs = [map.home, ...map.replicas].some(
    ({ bucket }) => resource.tail.split("/", 1)[0] === bucket,
  );
  const resourceAccount = service === "s3" ? (isOurs ? map.account : ELSEWHERE) : owner;
  const asked = { caller, action, resource, resourceAccount };
  const classOf = (keys: Keys, more: Partial<ClassInput> = {}): RequestClass =>
    withFacts(withUnknown(requestClassOf({ ...asked, ...more, keys }), unknown));
  switch (service) {
    case "s3":
      return [DIRECT, VIA].map((keys) => classOf(keys, { correlations: [TLS], where: FORMS }));
    case "kms":
      return encryptionContexts(statements).flatMap((pairs) => [
        classOf({ ...DIRECT, ...pairs, "kms:ViaService": [] }, { where: FORMS }),
        classOf({ ...VIA, ...pairs }, { where: { ...FORMS, Null: { "kms:ViaService": "false" } } }),
      ]);
    default:
      // who has a token does nothing but hand it in, and nobody else has one
      return action.startsWith("sts:Assume") &&
        (caller.kind === "federated") !== (action === "sts:AssumeRoleWithWebIdentity")
        ? []
        : [classOf({})];
  }
}

const INSTANCE: Keys = {
  "ec2:RoleDelivery": { kind: "one of", alternatives: [[], ["1.0"], ["2.0"]] },
};
const FORMS = {
  StringLikeIfExists: {
    "aws:Ec2InstanceSourceVpc": "vpc-*",
    "aws:Ec2InstanceSourcePrivateIPv4": "*.*.*.*",
    "aws:SourceVpce": "vpce-*",
    "s3:authType": ["REST-HEADER", "REST-QUERY-STRING", "POST"],
  },
};
// @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html (which are always there)
const DIRECT: Keys = { ...INSTANCE, "aws:ViaAWSService": "false" };
const VIA: Keys = {
  ...INSTANCE,
  "aws:ViaAWSService": "true",
  "aws:SourceIp": [],
  "aws:SourceVpc": [],
  "aws:SourceVpce": [],
  "aws:VpcSourceIp": [],
};
const TLS = {
  keys: ["aws:securetransport", "s3:tlsversion"],
  rows: [[["false"], []], ...["1.0", "1.1", "1.2", "1.3"].map((one) => [["true"], [one]])],
};

const PAIR = "kms:EncryptionContext:";
const NAMES = "kms:EncryptionContextKeys";

/** The names of the pairs and which there are go together: any of those that are spoken of, and another one or none. */
function encryptionContexts(statements: readonly StatementJson[]): readonly Keys[] {
  const lines = statements.flatMap(({ Condition: condition }) =>
    Object.values((condition ?? {}) as Readonly<Record<string, object>>).flatMap(Object.entries),
  ) as readonly (readonly [string, unknown])[];
  const spokenOf = lines.flatMap(([key, value]) =>
    key === NAMES
      ? [value]
          .flat()
          .map(String)
          .filter((one) => !["true", "false", "*"].includes(one))
      : key.startsWith(PAIR)
        ? [key.slice(PAIR.length)]
        : [],
  );
  if (spokenOf.length === 0) return [{}];
  const names = [...new Set([...spokenOf, "another"])];
  const sets = names.reduce<readonly (readonly string[])[]>(
    (before, name) => before.flatMap((set) => [set, [...set, name]]),
    [[]],
  );
  return sets.map((set) => ({
    ...Object.fromEntries(
      names.filter((name) => !set.includes(name)).map((name) => [PAIR + name, []]),
    ),
    [NAMES]: set,
  }));
}
