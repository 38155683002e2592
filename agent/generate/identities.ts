/**
 * The policies of every principal of the map, and the trust policies of the roles that are generated.
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_identity-vs-resource.html
 * @module
 */
import type { Principal } from "../map/access-map.ts";
import type { IdentityDocuments } from "../policy/deployment.ts";
import { administrationStatements } from "./administration.ts";
import { attach, type Attached } from "./attach.ts";
import { type Draft, onceEach, type Sources } from "./draft.ts";
import { hostGuards } from "./host-guards.ts";
import { kept } from "./kept.ts";
import { arnOf } from "./place.ts";
import { publisherStatements } from "./publisher.ts";
import { readerStatements } from "./reader.ts";
import { replicationStatements } from "./replication.ts";
import { MAX_SESSION_SECONDS, trustPolicy } from "./trust.ts";

export interface DraftedIdentity {
  readonly documents: IdentityDocuments;
  readonly principal: Principal;
  readonly attached: readonly Attached[];
}

/** Undefined for who is there already and gets nothing. @throws {PosternError} TooLarge */
export function identity(sources: Sources, principal: Principal): DraftedIdentity | undefined {
  const trust = trustPolicy(sources, principal);
  const isGenerated = trust !== undefined;
  const foreignPolicies = principal.kind === "ec2" ? principal.withPolicies : [];
  const kind = kindOf(principal);
  const holder = {
    name: principal.kind === "sso" ? principal.permissionSet : principal.name,
    kind,
    isShared: !isGenerated && kind !== "permission set",
    attached: foreignPolicies.length,
  };
  const attached = attach(holder, statementsOf(sources, principal), sources.sizes);
  if (!isGenerated && attached.length === 0) return undefined;
  const documents: IdentityDocuments = {
    kind,
    arn: arnOf(principal),
    trust,
    maxSessionSeconds: isGenerated ? MAX_SESSION_SECONDS : undefined,
    hasInstanceProfile: principal.kind === "ec2",
    policies: attached.map(({ policy }) => policy),
    foreignPolicies,
    boundary: undefined,
  };
  return { documents, principal, attached };
}

/** The guards first: a reviewer sees what is denied before what is granted. */
function statementsOf(sources: Sources, principal: Principal): readonly Draft[] {
  const { name } = principal;
  return onceEach([
    ...(sources.stage >= 2 ? hostGuards(sources, principal) : []),
    ...readerStatements(sources, name),
    ...publisherStatements(sources, name),
    ...replicationStatements(sources, name),
    ...administrationStatements(sources, name),
    ...kept(sources.map.keep.roles.get(name), ["keep", "roles", name]),
  ]);
}

function kindOf({ kind }: Principal): IdentityDocuments["kind"] {
  if (kind === "sso") return "permission set";
  return kind === "user" ? "user" : "role";
}
