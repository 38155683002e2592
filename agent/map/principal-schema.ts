/** Who a map names, with their shapes: principals of each kind, and hosts. @module */
import * as v from "valibot";
import { describeValue } from "../config/issue.ts";
import {
  closed,
  flag,
  isMapping,
  listOf,
  parsed,
  textThat,
  wordOf,
  type Schema,
} from "../config/shapes.ts";
import { parseRegion, type GroupName, type Region } from "../core/names.ts";
import type { PrincipalName } from "./access-map.ts";
import {
  parseCidr,
  parseEndpointId,
  parseMapGroup,
  parsePolicyArn,
  parsePrincipalArn,
  parsePrincipalName,
  parseProvider,
  parseRoleArn,
  parseRolePath,
  parseService,
  parseSubject,
} from "./words.ts";

export type NetworkSettings =
  | "any"
  | { readonly vpce?: readonly string[]; readonly cidr?: readonly string[] };

export type PrincipalSettings = { readonly network?: NetworkSettings } & (
  | { readonly kind: "ec2"; readonly with_policies?: readonly string[] }
  | { readonly kind: "existing"; readonly role: string; readonly instance?: boolean }
  | { readonly kind: "sso"; readonly permission_set: string; readonly region?: Region }
  | {
      readonly kind: "oidc";
      readonly provider: string;
      readonly audience?: string;
      readonly subjects: readonly string[];
    }
  | { readonly kind: "user"; readonly user: string }
  | { readonly kind: "service"; readonly service: string }
  | { readonly kind: "foreign"; readonly role: string }
  | { readonly kind: "human"; readonly trusted: readonly string[] }
);

export interface HostSettings {
  readonly groups: readonly GroupName[];
  readonly with_policies?: readonly string[];
  readonly network?: NetworkSettings;
  readonly role?: string;
  readonly as?: PrincipalName;
}

export const principal: Schema<PrincipalName> = parsed("a principal's name", parsePrincipalName);

const network: Schema<NetworkSettings> = v.lazy((input): Schema<NetworkSettings> =>
  isMapping(input)
    ? closed({
        vpce: v.exactOptional(listOf(parsed("an endpoint's id", parseEndpointId))),
        cidr: v.exactOptional(listOf(parsed("an address range", parseCidr))),
      })
    : wordOf(["any"]),
);

const withPolicies = listOf(parsed("the ARN of a managed policy", parsePolicyArn));

const byKind: Readonly<Record<PrincipalSettings["kind"], Schema<PrincipalSettings>>> = {
  ec2: ofKind("ec2", { with_policies: v.exactOptional(withPolicies) }),
  existing: ofKind("existing", {
    role: parsed("a role's name or ARN", parseRolePath),
    instance: v.exactOptional(flag()),
  }),
  sso: ofKind("sso", {
    permission_set: textThat("a permission set's name", (name) => /^[\w+=.@-]{1,32}$/.test(name)),
    region: v.exactOptional(parsed("a region's code", parseRegion)),
  }),
  oidc: ofKind("oidc", {
    provider: parsed("a provider's address without https://", parseProvider),
    audience: v.exactOptional(textThat("an audience", (value) => /^[\w.:/-]+$/.test(value))),
    subjects: listOf(parsed("a subject", parseSubject)),
  }),
  user: ofKind("user", { user: parsed("a user's name", parseRolePath) }),
  service: ofKind("service", { service: parsed("a service", parseService) }),
  foreign: ofKind("foreign", { role: parsed("the ARN of a role", parseRoleArn) }),
  human: ofKind("human", {
    trusted: listOf(parsed("the ARN of a role or user", parsePrincipalArn)),
  }),
};

function ofKind<const Kind extends string, const Entries extends v.ObjectEntries>(
  kind: Kind,
  entries: Entries,
) {
  return closed({ kind: v.literal(kind), network: v.exactOptional(network), ...entries });
}

export const principalSettings: Schema<PrincipalSettings> = v.lazy(
  (input): Schema<PrincipalSettings> => {
    const kinds = Object.keys(byKind);
    const kind = isMapping(input) ? kinds.find((one) => one === input["kind"]) : undefined;
    return Object.entries(byKind).find(([one]) => one === kind)?.[1] ?? noKind(kinds);
  },
);

/** Says which kinds there are, and nothing of what stands beside. */
function noKind(kinds: readonly string[]): Schema<never> {
  return v.pipe(
    v.looseObject(
      { kind: wordOf(kinds) },
      ({ input }) => `expected a mapping, got ${describeValue(input)}`,
    ),
    v.never(),
  );
}

export const host: Schema<HostSettings> = closed({
  groups: listOf(parsed("a group's name", parseMapGroup)),
  with_policies: v.exactOptional(withPolicies),
  network: v.exactOptional(network),
  role: v.exactOptional(parsed("a role's name or ARN", parseRolePath)),
  as: v.exactOptional(principal),
});
