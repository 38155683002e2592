/**
 * What protects a map's secrets beside who is let in: each setting of both maps that differs, as a sentence.
 * @module
 */
import type { AccessMap, Group, Network, Principal, Seal, ServerSide } from "../map/access-map.ts";
import { targetsIn } from "../map/buckets.ts";
import type { PolicyJson } from "../policy/deployment.ts";

/** "guard tls is 1.3, was 1.2"; of what both maps have. What one of them has alone is no setting of it that changed. */
export function settingNotes(before: AccessMap, after: AccessMap): readonly string[] {
  const old = new Map(settingsOf(before));
  return settingsOf(after).flatMap(([name, now]) => {
    const was = old.get(name);
    return was === undefined || was === now ? [] : [`${name} is ${now}, was ${was}`];
  });
}

type Setting = readonly [name: string, value: string];

function settingsOf(map: AccessMap): readonly Setting[] {
  const { guards, principals, groups, deployers, breakGlass, replication, doctor } = map;
  return [
    ["guard tls", guards.tls],
    ["guard org", guards.org ?? "none"],
    ["guard imds_v2", String(guards.imdsV2)],
    ["guard stolen_credentials", guards.stolenCredentials],
    ["guard presigned", guards.presigned],
    ...principals.flatMap(principalSettings),
    ...hostSettings(map),
    ...groups.flatMap(groupSettings),
    ...targetsIn(map).flatMap(
      ({ bucket, defaultEncryption, bucketKey, endpoints, keys }): readonly Setting[] => [
        [`default_encryption of ${bucket}`, serverSideWords(defaultEncryption)],
        [`bucket_key of ${bucket}`, String(bucketKey)],
        [`endpoints of ${bucket}`, listWords(endpoints.map(({ id }) => id))],
        [`keys of ${bucket}`, listWords(replicaKeys(keys))],
        ...endpoints.map(({ id, includeAwsOwned }): Setting => [
          `include_aws_owned of ${id}`,
          String(includeAwsOwned),
        ]),
      ],
    ),
    ["deployers", listWords(deployers)],
    ["break_glass", listWords(breakGlass)],
    ["replication role", replication ?? "none"],
    ["doctor", String(doctor)],
    ["accept", listWords(map.accepted)],
  ];
}

/** Those of a replica; elsewhere keys are told with the groups under them. */
function replicaKeys(keys: ReadonlyMap<string, string>): readonly string[] {
  return [...keys].flatMap(([key, here]) => (here === key ? [] : [`${here} for ${key}`]));
}

function principalSettings(principal: Principal): readonly Setting[] {
  const { name, network } = principal;
  const policies = principal.kind === "ec2" ? principal.withPolicies : [];
  const isInstance =
    principal.kind === "ec2" || (principal.kind === "existing" && principal.isInstance);
  return [
    [`kind of ${name}`, principal.kind],
    [`network of ${name}`, networkWords(network)],
    [`with_policies of ${name}`, listWords(policies)],
    [`instance of ${name}`, String(isInstance)],
  ];
}

/** Of hosts whose role was made for all with the same needs: with others it is another role, of another name. */
function hostSettings({ hosts, principals }: AccessMap): readonly Setting[] {
  return hosts.flatMap((host): readonly Setting[] => {
    const role = principals.find(({ name }) => name === host.principal);
    const isShared = role?.kind === "ec2" && role.name.includes("+");
    return isShared ? [[`with_policies of host ${host.name}`, listWords(role.withPolicies)]] : [];
  });
}

function groupSettings({ name, bucket, reach, sse, seal }: Group): readonly Setting[] {
  return [
    [`only of ${name}`, reach.kind === "only" ? listWords(reach.names) : "none"],
    [`bucket of ${name}`, bucket],
    [`sse of ${name}`, serverSideWords(sse)],
    [`sse header of ${name}`, sse.header],
    [`seal of ${name}`, sealWords(seal)],
  ];
}

function serverSideWords(sse: ServerSide): string {
  return sse.type === "s3" ? "s3" : `${sse.type} with ${keyWords(sse)}`;
}

function sealWords(seal: Seal): string {
  if (seal.mode === "none") return "none";
  const pairs = Object.entries(seal.context).map(([name, value]) => `${name}=${value}`);
  const context = pairs.length === 0 ? "" : ` and ${pairs.toSorted().join(", ")}`;
  return `${seal.mode} with ${keyWords(seal)}, bound to ${seal.bind}${context}`;
}

function keyWords({ key, oldKey }: { readonly key: string; readonly oldKey?: string | undefined }) {
  return oldKey === undefined ? key : `${key} (before ${oldKey})`;
}

function networkWords(network: Network): string {
  return network.kind === "any" ? "any" : listWords([...network.vpces, ...network.cidrs]);
}

/** In no order: another one is no difference. */
function listWords(names: readonly string[]): string {
  return names.length === 0 ? "none" : names.toSorted().join(", ");
}

/** "bucket acme-secrets now keeps statement Logs (Allow s3:GetBucketLocation)" */
export function keepNotes(before: AccessMap, after: AccessMap): readonly string[] {
  const old = keptIn(before);
  const now = keptIn(after);
  return [...new Set([...old.keys(), ...now.keys()])].flatMap((place) => {
    const gone = beyond(old.get(place), now.get(place));
    const added = beyond(now.get(place), old.get(place));
    return [
      ...gone.map((one) => `${place} no longer keeps ${statementWords(one)}`),
      ...added.map((one) => `${place} now keeps ${statementWords(one)}`),
    ];
  });
}

type Statements = readonly PolicyJson[];

function keptIn({ home, keep }: AccessMap): ReadonlyMap<string, Statements> {
  const named = (kind: string, places: ReadonlyMap<string, Statements>) =>
    [...places].map(([name, statements]) => [`${kind} ${name}`, statements] as const);
  return new Map([
    [`bucket ${home.bucket}`, keep.bucket],
    ...named("bucket", keep.further),
    ...named("key", keep.keys),
    ...named("role", keep.roles),
  ]);
}

function beyond(one: Statements = [], other: Statements = []): Statements {
  const known = new Set(other.map(sorted));
  return one.filter((statement) => !known.has(sorted(statement)));
}

/** The same for members in another order. */
function sorted(statement: PolicyJson): string {
  return JSON.stringify(statement, (_, value: unknown) =>
    typeof value === "object" && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : value,
  );
}

/** "statement Logs (Allow s3:GetBucketLocation)" */
function statementWords({ Sid, Effect, Action, NotAction }: PolicyJson): string {
  const named = typeof Sid === "string" ? `statement ${Sid}` : "a statement without Sid";
  const actions = [Action ?? NotAction].flat().map(String).join(", ");
  return `${named} (${String(Effect)} ${Action === undefined ? "all but " : ""}${actions})`;
}
