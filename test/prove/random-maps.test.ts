/**
 * Compares the proof with every request of a small world, decided one by one: who may do what is worked out here from
 * the map's lines, by nothing that the proof uses.
 */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { generateDeployment } from "../../agent/generate/deployment.ts";
import { parseMap } from "../../agent/map/parse.ts";
import { type Bindings, bindingsOf } from "../../agent/policy/bindings.ts";
import { callerOfArn } from "../../agent/policy/caller.ts";
import { contextOf } from "../../agent/policy/context.ts";
import type { Deployment, PolicyJson } from "../../agent/policy/deployment.ts";
import { parsePolicy } from "../../agent/policy/document.ts";
import { evaluate } from "../../agent/policy/evaluate.ts";
import { parseArn } from "../../agent/policy/glob.ts";
import type { AccessRequest } from "../../agent/policy/request.ts";
import { proveMap } from "../../agent/prove/prove.ts";
import { randomFrom } from "../support/random.ts";

const ACCOUNT = "111122223333";
const KMS = `arn:aws:kms:us-east-1:${ACCOUNT}:key/11111111-1111-1111-1111-111111111111`;
const HOME = "acme-secrets";
const FURTHER = "acme-secrets-2";
const ENDPOINT = "vpce-0123456789abcdef0";
const ORG = "o-a1b2c3d4e5";
const ACTIONS = ["s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:GetObjectVersion"] as const;
const LEVELS = ["write", "edit", "restore"] as const;
// from the table of docs/publishing.md
const BY_LEVEL = {
  write: ["s3:GetObject", "s3:PutObject"],
  edit: ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"],
  restore: ACTIONS,
} as const satisfies Readonly<Record<(typeof LEVELS)[number], readonly string[]>>;

interface World {
  readonly groups: readonly {
    readonly name: "a" | "ab";
    readonly bucket: string;
    readonly isEncrypted: boolean;
    readonly readers: readonly string[];
    readonly publishers: ReadonlyMap<string, (typeof LEVELS)[number]>;
  }[];
  /** Those that come through the endpoint alone. */
  readonly limited: ReadonlySet<string>;
  readonly hasOrg: boolean;
}

const NAMES = ["p", "q", "px"] as const;

function randomWorld(chance: () => number): World {
  const some = (probability: number) => NAMES.filter(() => chance() < probability);
  const group = (name: "a" | "ab", bucket = HOME) => ({
    name,
    bucket,
    isEncrypted: chance() < 0.5,
    readers: some(0.5),
    publishers: new Map(
      some(0.4).map((one) => [one, LEVELS[Math.floor(chance() * 3)] ?? "write"] as const),
    ),
  });
  const shape = chance();
  const others = shape < 0.3 ? [] : [group("ab", shape < 0.65 ? HOME : FURTHER)];
  return {
    groups: [group("a"), ...others],
    limited: new Set(some(0.4)),
    hasOrg: chance() < 0.5,
  };
}

function yamlOf({ groups, limited, hasOrg }: World): string {
  const lines = groups.flatMap(({ name, bucket, isEncrypted, readers, publishers }) => [
    `  ${name}:`,
    ...(bucket === HOME ? [] : [`    bucket: ${bucket}`]),
    `    prefix: ${name}/`,
    ...(isEncrypted ? ["    sse: { type: kms, key: k, header: required }"] : []),
    ...(readers.length === 0 ? [] : [`    readers: [${readers.join(", ")}]`]),
    ...(publishers.size === 0 ? [] : ["    publishers:"]),
    ...[...publishers].map(([who, level]) => `      ${who}: ${level}`),
  ]);
  const principals = NAMES.map(
    (name) =>
      `  ${name}: { kind: service, service: ecs-tasks.amazonaws.com${limited.has(name) ? `, network: { vpce: [${ENDPOINT}] }` : ""} }`,
  );
  return `version: 1
account: "${ACCOUNT}"
region: us-east-1
bucket: ${HOME}
${groups.some(({ bucket }) => bucket === FURTHER) ? `further_buckets: { ${FURTHER}: {} }\n` : ""}keys: { k: "${KMS}" }
principals:
${principals.join("\n")}
  infra: { kind: existing, role: infra }
  emergency: { kind: human, trusted: ["arn:aws:iam::${ACCOUNT}:user/alice"] }
groups:
${lines.join("\n")}
deployers: [infra]
break_glass: [emergency]
guards: { ${hasOrg ? `org: ${ORG}, ` : ""}tls: "1.2" }
`;
}

interface Asked {
  readonly who: string;
  readonly action: (typeof ACTIONS)[number];
  readonly bucket: string;
  readonly key: string;
  readonly context: Readonly<Record<string, readonly string[]>>;
}

const OBJECTS = ["a/x", "a/x/y", "ab/x", "A/x", "a", "ax", "aa/x", "ab-x/y", "x", "b/x"];

const choices = (name: string, ...values: readonly (string | undefined)[]) =>
  values.map((value) => ({ [name]: value === undefined ? [] : [value] }));

/** Every way for a request to come that anything in these maps tells apart. */
const CONTEXTS: readonly Asked["context"][] = [
  choices("aws:SecureTransport", "true", "false"),
  choices("s3:TlsVersion", "1.3", "1.1"),
  choices("s3:authType", "REST-HEADER", "REST-QUERY-STRING"),
  choices("aws:SourceVpce", undefined, ENDPOINT, "vpce-0eeeeeeeeeeeeeeee"),
  choices("aws:PrincipalOrgID", ORG, "o-another00", undefined),
].reduce<readonly Asked["context"][]>(
  (before, next) => before.flatMap((one) => next.map((more) => ({ ...one, ...more }))),
  [{}],
);

function* asks({ groups }: World): Generator<Asked> {
  const buckets = new Set([HOME, ...groups.map(({ bucket }) => bucket)]);
  for (const who of [...NAMES, "infra", "stranger"])
    for (const action of ACTIONS)
      for (const bucket of buckets)
        for (const key of OBJECTS)
          for (const context of CONTEXTS) yield { who, action, bucket, key, context };
}

/** What the map says; undefined where it leaves it open. */
function isMeant(
  { groups, limited, hasOrg }: World,
  { who, action, bucket, key, context }: Asked,
): boolean {
  const group = groups.find((one) => one.bucket === bucket && key.startsWith(`${one.name}/`));
  const level = group?.publishers.get(who);
  const reads = action === "s3:GetObject" && group?.readers.includes(who) === true;
  const may = reads || (level !== undefined && BY_LEVEL[level].some((one) => one === action));
  return (
    may &&
    context["aws:SecureTransport"]?.[0] === "true" &&
    context["s3:TlsVersion"]?.[0] === "1.3" &&
    context["s3:authType"]?.[0] === "REST-HEADER" &&
    (!limited.has(who) || context["aws:SourceVpce"]?.[0] === ENDPOINT) &&
    (!hasOrg || context["aws:PrincipalOrgID"]?.[0] === ORG)
  );
}

const EVERYTHING = parsePolicy(
  { Version: "2012-10-17", Statement: { Effect: "Allow", Action: "*", Resource: "*" } },
  "identity",
  "*:*",
);

/** Whether S3 lets it through: strangers and deployers have *:* of their own. */
function isAllowed(
  world: World,
  bindings: Bindings,
  { who, action, bucket, key, context }: Asked,
): boolean {
  const isPrincipal = NAMES.some((name) => name === who);
  const arn = `arn:aws:iam::${ACCOUNT}:role/${isPrincipal ? "postern/" : ""}${who}`;
  const caller = callerOfArn(`arn:aws:sts::${ACCOUNT}:assumed-role/${who}/session`, arn);
  const resource = parseArn(`arn:aws:s3:::${bucket}/${key}`);
  assert.ok(caller !== undefined && resource !== undefined);
  const isEncrypted = world.groups.some((one) => one.isEncrypted && key.startsWith(`${one.name}/`));
  const headers =
    action === "s3:PutObject" && isEncrypted
      ? {
          "s3:x-amz-server-side-encryption": ["aws:kms"],
          "s3:x-amz-server-side-encryption-aws-kms-key-id": [KMS],
        }
      : {};
  const request: AccessRequest = {
    caller,
    action,
    resource,
    resourceAccount: ACCOUNT,
    context: contextOf({
      "aws:PrincipalArn": [arn],
      "aws:PrincipalAccount": [ACCOUNT],
      "aws:PrincipalIsAWSService": ["false"],
      "aws:ViaAWSService": ["false"],
      "aws:ResourceAccount": [ACCOUNT],
      ...context,
      ...headers,
    }),
  };
  const bound = bindings(request);
  const policies = isPrincipal ? bound : { ...bound, identity: [...bound.identity, EVERYTHING] };
  return evaluate(request, policies).decision === "allow";
}

function firstFault(world: World, deployment: Deployment): Asked | undefined {
  const bindings = bindingsOf(deployment);
  for (const asked of asks(world))
    if (isAllowed(world, bindings, asked) !== isMeant(world, asked)) return asked;
  return undefined;
}

/** One statement less, or one of its conditions, or a prefix without its slash. */
function weakened(deployment: Deployment, chance: () => number): Deployment {
  const pick = (amount: number): number => Math.floor(chance() * amount);
  const within = (document: PolicyJson): PolicyJson => {
    const statements = document["Statement"] as readonly PolicyJson[];
    const at = pick(statements.length);
    const chosen = statements[at] ?? {};
    const condition = Object.entries(chosen["Condition"] ?? {});
    const way = pick(3);
    const rest = condition.filter((_, index) => index !== condition.length - 1);
    const text = JSON.stringify(chosen).replace("/*", "*");
    const changed =
      way === 0
        ? []
        : way === 1
          ? [{ ...chosen, Condition: Object.fromEntries(rest) }]
          : [JSON.parse(text) as PolicyJson];
    const left = statements.flatMap((one, index) => (index === at ? changed : [one]));
    return left.length === 0 ? document : { ...document, Statement: left };
  };
  const { buckets } = deployment;
  if (chance() < 0.6) {
    const chosen = pick(buckets.length);
    return {
      ...deployment,
      buckets: buckets.map((one, at) =>
        at === chosen && one.policy !== undefined ? { ...one, policy: within(one.policy) } : one,
      ),
    };
  }
  const at = pick(deployment.identities.length);
  const identities = deployment.identities.map((one, index) =>
    index !== at
      ? one
      : {
          ...one,
          policies: one.policies.map((policy) => ({
            ...policy,
            document: within(policy.document),
          })),
        },
  );
  return { ...deployment, identities };
}

const MAPS = 6;
const WEAKENED = 6;

describe("a proof of random maps", () => {
  let [faults, further] = [0, 0];
  for (let seed = 1; seed <= MAPS; seed += 1)
    it(`finds whatever trying each request finds: map ${seed}`, () => {
      const chance = randomFrom(seed * 7919);
      const world = randomWorld(chance);
      const text = yamlOf(world);
      const map = parseMap(text, `map ${seed}`);
      const sound = generateDeployment(map);
      if (map.further.length > 0) further += 1;
      assert.equal(firstFault(world, sound), undefined, text);
      const failing = proveMap(map, sound).results.filter(
        ({ outcome }) => outcome.kind !== "proved",
      );
      assert.deepEqual(
        failing.map((one) => one.obligation.id),
        [],
        text,
      );
      for (let time = 0; time < WEAKENED; time += 1) {
        const weak = weakened(sound, chance);
        const fault = firstFault(world, weak);
        if (fault === undefined) continue;
        faults += 1;
        const fails = proveMap(map, weak).results.some(({ outcome }) => outcome.kind === "fails");
        assert.ok(fails, `${text}${JSON.stringify(fault)}`);
      }
    });

  it("had something to find", () => {
    assert.ok(further >= 2, `${further} maps had a further bucket`);
    assert.ok(faults >= 3, `${faults} weakened deployments decided anything otherwise`);
  });
});
