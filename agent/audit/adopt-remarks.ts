/** What of an existing bucket could not be expressed in a map, or only be guessed. @module */
import { quote } from "../core/names.ts";
import type { PolicyJson } from "../policy/deployment.ts";
import { circumstancesOf } from "./adopt-circumstances.ts";
import type { Rulers } from "./adopt-roles.ts";
import type { FoundGroups } from "./adopt-groups.ts";
import { statementsOf, textsOf } from "./adopt-statements.ts";
import type { Findings } from "./adopt-yaml.ts";
import { lastPart } from "./exported-place.ts";

export function remarksOf({
  findings,
  isSeen,
  rulers,
  refused,
  others,
  behind,
  fault,
  unused,
}: {
  readonly findings: Findings;
  readonly isSeen: boolean;
  readonly rulers: Rulers;
  readonly refused: readonly string[];
  readonly others: FoundGroups["others"];
  /** Who may what, but for the policies of endpoints. */
  readonly behind: readonly string[];
  /** Why the map's documents cannot be made. */
  readonly fault: string | undefined;
  /** ARNs of keys. */
  readonly unused: readonly string[];
}): readonly string[] {
  return [
    ...(isSeen
      ? []
      : [
          "NOBODY was seen to read or put anything: the documents deny every such question that was asked, so that this map has no readers and no publishers, and would lock out whoever gets in by a way that was not asked for",
        ]),
    ...(fault === undefined
      ? []
      : [`the map's documents cannot be made yet, so that all would lose access: ${fault}`]),
    ...refused,
    ...unknownKeys(findings),
    ...(behind.length === 0
      ? []
      : [
          `policies of endpoints deny hosts what all else allows, and were left out of what was asked: ${behind.join(", ")}`,
        ]),
    ...circumstances(findings),
    ...newGuards(findings),
    ...others.flatMap((one) => otherObjects(one, findings)),
    ...unused.map(
      (key) =>
        `${key} is no default encryption of the bucket: if groups are sealed under it, say so with seal`,
    ),
    ...guesses(rulers),
  ];
}

/** A key that has no policy opens for nobody. */
function unknownKeys({ groups, encryptionOf, deployment }: Findings): readonly string[] {
  const used = groups.map(({ prefix }) => encryptionOf(prefix)?.key);
  return [...new Set(used)]
    .filter((key) => key !== undefined)
    .filter((key) => !deployment.keys.some(({ arn }) => arn === key || arn.endsWith(`/${key}`)))
    .map(
      (key) =>
        `the policy of ${key} is not in the export, so that nobody was seen to read or put what is under it: export describe-key and get-key-policy of it`,
    );
}

function otherObjects(
  { text, places }: FoundGroups["others"][number],
  { principals, breakGlass }: Findings,
): readonly string[] {
  if (text !== "*")
    return [
      `${quote(text)} is named by policies and is no group: neither a prefix alone nor in one`,
    ];
  const emergency = principals.filter(
    ({ name }) => !breakGlass.isGuess && breakGlass.names.includes(name),
  );
  const others = places.filter((place) => !emergency.some(({ arn }) => place.endsWith(` ${arn}`)));
  return others.length === 0
    ? []
    : [
        `every object is allowed by ${others.join(", ")}: what lies in no group is closed by the map`,
      ];
}

/** What is asked as if it were met, and is no guard of the map. */
function circumstances({ bucket, deployment, guards, kept }: Findings): readonly string[] {
  const isKept = new Set([...kept.bucket, ...kept.keys.flatMap(([, statements]) => statements)]);
  const told = (place: string, policy: PolicyJson | undefined): readonly string[] =>
    statementsOf(policy)
      .map((statement, at) => ({ statement, at, keys: circumstancesOf(statement) }))
      .filter(({ statement, keys }) => keys.length > 0 && isAboutUse(statement))
      .filter(({ statement }) => !guards.statements.has(statement))
      .map(({ statement, at, keys }) => {
        const { Sid: sid, Effect: effect } = statement;
        const name = typeof sid === "string" ? quote(sid) : `Statement[${at}]`;
        const verb = effect === "Deny" ? "denies" : "allows";
        const left = isKept.has(statement) ? "kept" : "not kept, as the map asks for less";
        const own = place.startsWith("policy ") ? "" : `, and ${left}`;
        return `${place}: ${name} ${verb} on conditions of its own (${keys.join(", ")}): asked as if every request were as it should be${own}`;
      });
  const said = [
    ...told(`the policy of ${bucket.name}`, bucket.policy),
    ...deployment.keys.flatMap(({ arn, policy }) => told(`the policy of ${lastPart(arn)}`, policy)),
    ...deployment.identities.flatMap(({ arn, policies }) =>
      policies.flatMap(({ name, document }) => told(`policy ${name} of ${arn}`, document)),
    ),
  ];
  return said.filter((one) => !HOST_GUARDS.test(one));
}

/** The condition keys of what hosts' roles deny themselves. */
const HOST_GUARDS =
  /^policy .* denies .* \((aws:Ec2InstanceSource(Vpc|PrivateIPv4)|ec2:(RoleDelivery|SourceInstanceARN)|, )+\)/i;

/** Of what readers and publishers do, and be it for the account's own principals. */
function isAboutUse({ Principal: principal, Action: actions }: PolicyJson): boolean {
  const said = JSON.stringify(principal ?? "*");
  const isOfSomebody = said === '"*"' || said.includes('"AWS"');
  const USE =
    /^(\*|(s3:(\*|(Get|Put|Delete|List).*))|(kms:(\*|Decrypt|Encrypt|GenerateDataKey.*)))$/i;
  return isOfSomebody && (actions === undefined || textsOf(actions).some((one) => USE.test(one)));
}

/** What a map's documents ask that today's do not. */
function newGuards({ guards, hosts, principals, deployment }: Findings): readonly string[] {
  const unguarded = principals.filter(
    ({ arn, settings }) =>
      settings["instance"] === true &&
      !deployment.identities.some(
        (one) => one.arn === arn && JSON.stringify(one.policies).includes("ec2:RoleDelivery"),
      ),
  );
  return [
    ...(guards.tls === undefined
      ? [
          "tls is new: no statement of the bucket's policy asks everybody for a version of TLS, and the map's documents deny all that is older than 1.2: see that nobody uses it",
        ]
      : []),
    ...(hosts.imdsV2 && unguarded.length > 0
      ? [
          `imds_v2 is new for ${unguarded.map(({ name }) => name).join(", ")}, whose policies do not ask for it`,
        ]
      : []),
  ];
}

function guesses({ by, breakGlass }: Rulers): readonly string[] {
  return [
    ...(by === "all documents"
      ? []
      : by === "their own policies"
        ? [
            "nobody was seen who may change the bucket's policy: deployers are those whose own policies would let them, were it not for the bucket's",
          ]
        : ["nobody was seen who may change the bucket's policy: deployers is a guess"]),
    breakGlass.isGuess
      ? "nobody was seen who gets in when all else is locked out: break_glass is a guess"
      : `break_glass is told by what ${breakGlass.names.join(", ")} may: change the policy, read everything, and put nothing`,
  ];
}
