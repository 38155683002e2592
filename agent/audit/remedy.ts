/** What would let somebody do what is denied: an edit of the map, or somebody else's business. @module */
import { quote } from "../core/names.ts";
import type { AccessMap, Group, Principal, Verb } from "../map/access-map.ts";
import { LEVELS } from "../policy/rights.ts";
import type { Layer } from "../policy/verdict.ts";
import type { Told } from "./denial.ts";
import { groupAt, levelAllows } from "./meant.ts";

export interface Remedy {
  /** What to do to allow it; why nothing of the map would; or who else has to, whose policy denied it. */
  readonly kind: "edit" | "none" | "others";
  /** One sentence without a full stop. */
  readonly edit: string;
  /** Of the map. */
  readonly line: number | undefined;
}

export interface Wanted {
  readonly principal: Principal;
  readonly group: Group | undefined;
  readonly verb: Verb;
  readonly key: string;
  readonly meant: boolean;
}

export function remedyOf(map: AccessMap, wanted: Wanted): Remedy {
  const { principal, group, verb, key, meant } = wanted;
  if (group === undefined) return groupRemedy(map, verb, key);
  if (meant)
    return edit(
      "the map allows it and these documents do not: generate and deploy them anew",
      map.lineOf(["groups", group.name]),
    );
  const { name } = principal;
  const current = group.publishers.find((one) => one.principal === name)?.level;
  if (current === undefined && verb === "list" && group.reach.kind !== "prefix")
    return namesRemedy(map, group);
  if (current === undefined && (verb === "read" || verb === "list"))
    return readerRemedy(map, principal, group);
  const level = LEVELS.find((one) => levelAllows(one, verb, group));
  const line = map.lineOf(["groups", group.name, "publishers"]);
  if (level === undefined)
    return { kind: "none", edit: `nobody may ${verb} a group of this layout`, line };
  return edit(
    current === undefined
      ? `add "${name}: ${level}" to publishers of group ${group.name}`
      : `give ${name} the level ${level} instead of ${current} in publishers of group ${group.name}`,
    line,
  );
}

function edit(text: string, line: number | undefined): Remedy {
  return { kind: "edit", edit: text, line };
}

/** Of a key of no group in that bucket. */
function groupRemedy(map: AccessMap, verb: Verb, key: string): Remedy {
  const elsewhere = groupAt(map, verb, key);
  if (elsewhere !== undefined)
    return edit(
      `ask bucket ${elsewhere.bucket}, in which group ${elsewhere.name} lies`,
      map.lineOf(["groups", elsewhere.name]),
    );
  const line = map.lineOf(["groups"]);
  const under = map.groups.find(({ reach }) => beginOf(reach).startsWith(key));
  if (verb !== "list" || under === undefined)
    return edit(`no group of the map has ${quote(key)}: add it to one, or make one`, line);
  if (under.reach.kind === "bundle" && key !== "") return namesRemedy(map, under);
  const example = map.groups.find(
    ({ reach }) => reach.kind === "prefix" && reach.prefix.startsWith(key),
  );
  const such = example === undefined ? "" : `, such as ${beginOf(example.reach)}`;
  return {
    kind: "none",
    edit: `nobody lists more than a group at once: list by the whole prefix of one${such}`,
    line,
  };
}

function beginOf(reach: Group["reach"]): string {
  return reach.kind === "bundle" ? reach.key : reach.prefix;
}

/** Whose keys are known is not listed by who reads it. */
function namesRemedy({ lineOf }: AccessMap, { name, reach }: Group): Remedy {
  const what = reach.kind === "bundle" ? "is one object" : "has a list of names";
  const how = reach.kind === "bundle" ? "asks for it by its key" : "asks for each by its name";
  return {
    kind: "none",
    edit: `nothing need change: group ${name} ${what}, and who reads it ${how} and never lists`,
    line: lineOf(["groups", name]),
  };
}

/** Of a role that was made for hosts, the hosts say what it reads. */
function readerRemedy({ hosts, lineOf }: AccessMap, { name }: Principal, group: Group): Remedy {
  const [host] = hosts.filter(({ principal }) => principal === name).map((one) => one.name);
  if (host !== undefined)
    return edit(`add ${group.name} to groups of host ${host}`, lineOf(["hosts", host, "groups"]));
  return edit(
    `add ${name} to readers of group ${group.name}`,
    lineOf(["groups", group.name, "readers"]),
  );
}

/** Policies that a map makes none of, and who can change them. */
const OTHERS: Partial<Readonly<Record<Layer, string>>> = {
  scp: "a service control policy is the organisation's, and who administers the organisation can change it",
  rcp: "a resource control policy is the organisation's, and who administers the organisation can change it",
  boundary:
    "this map makes no permissions boundary, and who administers IAM in the account can change it",
  session: "a session policy comes with the session, and who makes the session can change it",
};

/**
 * Of a denial by a policy that no map makes; undefined for others. Of an endpoint's it is for where these documents do not
 * deny it so.
 * @see https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps.html
 */
export function othersRemedy(map: AccessMap, { layer, policy }: Told): Remedy | undefined {
  const why = layer === "endpoint" ? endpointWords(map) : OTHERS[layer];
  if (why === undefined) return undefined;
  const named = policy === undefined ? "" : ` (${policy})`;
  return { kind: "others", edit: `no edit of the map lifts that: ${why}${named}`, line: undefined };
}

function endpointWords({ endpointIds }: AccessMap): string {
  const keeper = "who keeps the endpoint that the request came through can change its policy";
  return endpointIds.size === 0
    ? `this map makes no endpoint policy, and ${keeper}`
    : `${keeper}, unless that is ${[...endpointIds].join(" or ")}, whose deployed policy is then not what this map makes`;
}
