/**
 * Decides one request by the documents that bind it, as AWS does.
 *
 * 1. What the service itself decides.
 * 2. Any statement that denies, in whatever document.
 * 3. Each level of service control policies must allow, and the endpoint's policy.
 * 4. The caller must be allowed: within an account by its own policies or the resource's, across accounts by both;
 *    by a key's or a role's own policy in any case, or by a grant of the key.
 *
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-denyallow.html
 * @module
 */
import { accountOf, isServiceLinked } from "./caller.ts";
import type { Policy, Statement } from "./document.ts";
import { isGranted } from "./grant.ts";
import type { Naming } from "./principal.ts";
import type { AccessRequest, Policies } from "./request.ts";
import { decidedByService, isBeyondBucketPolicy, needsResourcePolicy } from "./services.ts";
import { allowsByNaming, type Asked, askedOf, firstOf } from "./statement.ts";
import { allowed, deniedBy, type Layer, missing, type Verdict } from "./verdict.ts";

/** @throws {PosternError} BadData when the request has a key of the wrong type, or lacks what a policy asks */
export function evaluate(request: AccessRequest, policies: Policies): Verdict {
  const asked = askedOf(request, policies);
  return (
    decidedByService(asked) ??
    explicitDeny(asked, policies) ??
    outsideGuardRails(asked, policies) ??
    decideAllow(asked, policies)
  );
}

function explicitDeny(asked: Asked, policies: Policies): Verdict | undefined {
  const { identity, resource, session, boundary, endpoint } = policies;
  const layers: readonly (readonly [Layer, readonly (Policy | undefined)[]])[] = [
    ["rcp", isUnderRcp(asked) ? policies.rcp.flat() : []],
    ["scp", isUnderScp(asked) ? policies.scp.flat() : []],
    ["endpoint", [endpoint]],
    ["resource", isBeyondBucketPolicy(asked) ? [] : [resource]],
    ["boundary", [boundary]],
    ["session", [session]],
    ["identity", identity],
  ];
  for (const [layer, documents] of layers) {
    const statement = firstOf(documents, "Deny", asked);
    if (statement !== undefined) return deniedBy(layer, statement);
  }
  return undefined;
}

// @see https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps.html
function isUnderScp({ caller }: Asked): boolean {
  return accountOf(caller) !== undefined && !isServiceLinked(caller);
}

// @see https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_rcps.html
// @see https://docs.aws.amazon.com/kms/latest/developerguide/resource-control-policies.html (RetireGrant)
function isUnderRcp({ caller, lowerAction }: Asked): boolean {
  return !isServiceLinked(caller) && lowerAction !== "kms:retiregrant";
}

/** What only narrows: each level of the organisation, and the endpoint. */
function outsideGuardRails(asked: Asked, { scp, endpoint }: Policies): Verdict | undefined {
  if (isUnderScp(asked))
    // every level from the root to the account must allow
    // @see https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps_evaluation.html
    for (const [at, level] of scp.entries())
      if (firstOf(level, "Allow", asked) === undefined)
        return missing("scp", `no statement of scp[${at}] allows it`);
  if (endpoint === undefined || allowsThrough(endpoint, asked)) return undefined;
  return missing("endpoint", "no statement of the endpoint's policy allows it");
}

/**
 * In the policy of a gateway endpoint, which is what S3 has, an account means its root user alone.
 * @see https://docs.aws.amazon.com/vpc/latest/privatelink/vpc-endpoints-access.html
 */
function allowsThrough(endpoint: Policy, asked: Asked): boolean {
  const namings = [...allowsByNaming(endpoint, asked).keys()];
  return asked.lowerAction.startsWith("s3:")
    ? namings.some((naming) => naming !== "account")
    : namings.length > 0;
}

function decideAllow(asked: Asked, policies: Policies): Verdict {
  const { caller, lowerAction, context } = asked;
  // a grant is enough, also for another account
  // @see https://docs.aws.amazon.com/kms/latest/developerguide/policy-evaluation.html
  const grant = needsResourcePolicy(asked)
    ? policies.grants.find((one) => isGranted(one, caller, lowerAction, context))
    : undefined;
  if (grant !== undefined) return allowed("grant", `${grant.name} grants it`, []);
  const named = allowsByNaming(policies.resource, asked);
  const account = accountOf(caller);
  const direct = named.get("itself") ?? named.get("anyone");
  if (account === undefined) return withoutAccount(direct);
  return account === asked.resourceAccount
    ? withinAccount(asked, policies, named)
    : acrossAccounts(asked, policies, named);
}

/** Services, identities of other providers, and nobody: only the resource's policy can allow them. */
function withoutAccount(direct: Statement | undefined): Verdict {
  return direct === undefined
    ? missing("resource", "no statement of the resource's policy allows this caller")
    : allowed("resource", "the resource's policy allows this caller", [direct]);
}

type Named = ReadonlyMap<Naming, Statement>;

function withinAccount(asked: Asked, policies: Policies, named: Named): Verdict {
  // who is named as user or session, or as anyone, is not limited by what its own documents leave out
  // @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-denyallow.html
  const direct = named.get("itself") ?? named.get("anyone");
  if (direct !== undefined)
    return allowed("resource", "the resource's policy allows this caller", [direct]);
  // who is named as a role is still limited by its boundary and its session
  const asRole = named.get("role");
  if (asRole !== undefined) {
    const limits = limitsOf(asked, policies);
    return isVerdict(limits)
      ? limits
      : allowed("resource", "the resource's policy allows this role", [asRole, ...limits]);
  }
  const delegated = named.get("account");
  if (needsResourcePolicy(asked) && delegated === undefined)
    return missing(
      "resource",
      "the resource's policy allows neither this caller nor its account to decide",
    );
  const own = ownAllow(asked, policies);
  return isVerdict(own)
    ? own
    : allowed("identity", "the caller's own policies allow it", [...own, delegated]);
}

/**
 * Both sides must allow, however the resource's policy names the caller.
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic-cross-account.html
 */
function acrossAccounts(asked: Asked, policies: Policies, named: Named): Verdict {
  const offered =
    named.get("itself") ?? named.get("role") ?? named.get("anyone") ?? named.get("account");
  if (offered === undefined)
    return missing("resource", "the resource's policy allows nobody of the caller's account");
  const own = ownAllow(asked, policies);
  return isVerdict(own)
    ? own
    : allowed("resource", "the resource's policy and the caller's own policies allow it", [
        offered,
        ...own,
      ]);
}

/** The statements by which the caller's own documents allow the request, or which of them does not. */
function ownAllow(asked: Asked, policies: Policies): readonly Statement[] | Verdict {
  // the root user has every right in its account, and no documents of its own
  // @see https://docs.aws.amazon.com/IAM/latest/UserGuide/id_root-user.html
  if (asked.caller.kind === "root") return [];
  const identity = firstOf(policies.identity, "Allow", asked);
  if (identity === undefined)
    return missing("identity", "no statement of the caller's own policies allows it");
  const limits = limitsOf(asked, policies);
  return isVerdict(limits) ? limits : [identity, ...limits];
}

/**
 * A boundary and a session policy must allow what they do not grant.
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies.html (session policies)
 */
function limitsOf(asked: Asked, { boundary, session }: Policies): readonly Statement[] | Verdict {
  const found: Statement[] = [];
  for (const [layer, policy] of [
    ["boundary", boundary],
    ["session", session],
  ] as const) {
    if (policy === undefined) continue;
    const statement = firstOf([policy], "Allow", asked);
    if (statement === undefined)
      return missing(layer, `no statement of the ${layer} policy allows it`);
    found.push(statement);
  }
  return found;
}

function isVerdict(value: readonly Statement[] | Verdict): value is Verdict {
  return "decision" in value;
}
