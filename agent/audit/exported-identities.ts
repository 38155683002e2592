/** Roles and users of an export, with their policies. @module */
import { PosternError } from "../core/errors.ts";
import { quote } from "../core/names.ts";
import type { IdentityDocuments, NamedPolicy, PolicyJson } from "../policy/deployment.ts";
import { groupPolicies, NONE, ownPolicies } from "./exported-policies.ts";
import { accountIdentities, type IdentityDraft } from "./exported-account-identities.ts";
import {
  type Aspect,
  isFolderOf,
  type Knows,
  lastPart,
  outputsOf,
  type Placed,
  type Told,
} from "./exported-place.ts";

/** @param account that the export is of: of others' roles its lists say nothing */
export function exportedIdentities(
  placed: readonly Placed[],
  account: string,
): Told<IdentityDocuments> {
  const accounts = outputsOf(placed, "account");
  const fromAccount = accounts.flatMap(({ output }) => accountIdentities(output.details));
  const drafts = new Map(fromAccount.map((draft) => [draft.arn, draft]));
  for (const single of singleIdentities(placed)) {
    const before = drafts.get(single.arn);
    drafts.set(single.arn, before === undefined ? single : together(before, single));
  }
  const texts = managedTexts(placed);
  const absent = outputsOf(placed, "absent").filter(({ output }) => output.code === "NoSuchEntity");
  return {
    things: [...drafts.values()].map((draft) => documentsOf(draft, texts)),
    knows: knowledgeOf(drafts, {
      texts,
      isAbsent: (arn) =>
        absent.some(({ folder }) => isFolderOf(folder, kindOf(arn), lastPart(arn))) ||
        (accounts.length > 0 && arn.split(":")[4] === account && !drafts.has(arn)),
    }),
  };
}

function kindOf(arn: string): "role" | "user" {
  return arn.includes(":user/") ? "user" : "role";
}

/** The account's list lacks how long a session lasts, which a role's own output has. */
function together(listed: IdentityDraft, single: IdentityDraft): IdentityDraft {
  return {
    ...listed,
    maxSessionSeconds: single.maxSessionSeconds ?? listed.maxSessionSeconds,
    known: new Set([...listed.known, ...single.known]),
  };
}

/** By ARN: the default version of each managed policy. */
function managedTexts(placed: readonly Placed[]): ReadonlyMap<string, PolicyJson> {
  const texts = new Map<string, PolicyJson>();
  for (const { output } of outputsOf(placed, "account"))
    for (const { Arn: arn, PolicyVersionList: versions } of output.details.Policies)
      for (const { Document: document, IsDefaultVersion: isDefault } of versions)
        if (isDefault) texts.set(arn, document);
  const named = outputsOf(placed, "managed policy");
  for (const { output, file, folder } of outputsOf(placed, "policy version")) {
    const [only, ...more] = named.filter((one) => one.folder === folder);
    if (only === undefined || more.length > 0)
      throw new PosternError("BadData", `${file}: expected to be told of which policy it is`, {
        hint: "save get-policy of this policy, and of no other, into the same folder",
      });
    if (output.isDefault) texts.set(only.output.arn, output.document);
  }
  return texts;
}

function documentsOf(
  draft: IdentityDraft,
  texts: ReadonlyMap<string, PolicyJson>,
): IdentityDocuments {
  const { kind, arn, trust, maxSessionSeconds, hasInstanceProfile, inline, attached } = draft;
  const managed = attached.flatMap((policy): readonly NamedPolicy[] => {
    const document = texts.get(policy);
    return document === undefined ? [] : [{ name: lastPart(policy), form: "managed", document }];
  });
  return {
    kind,
    arn,
    trust,
    maxSessionSeconds,
    hasInstanceProfile,
    policies: [...inline, ...managed],
    foreignPolicies: attached.filter((policy) => !texts.has(policy)),
    boundary: draft.boundary === undefined ? undefined : texts.get(draft.boundary),
  };
}

function knowledgeOf(
  drafts: ReadonlyMap<string, IdentityDraft>,
  {
    texts,
    isAbsent,
  }: {
    readonly texts: ReadonlyMap<string, PolicyJson>;
    readonly isAbsent: (arn: string) => boolean;
  },
): Knows {
  return (arn, aspect) => {
    const draft = drafts.get(arn);
    if (draft === undefined) return aspect === "identity" && isAbsent(arn);
    // a boundary whose text is not told may forbid anything
    const isHidden = draft.boundary !== undefined && !texts.has(draft.boundary);
    return draft.known.has(aspect) && !(aspect === "boundary" && isHidden);
  };
}

/** What outputs about single roles and users say. @throws {PosternError} BadData for a role whose ARN nothing tells */
function singleIdentities(placed: readonly Placed[]): readonly IdentityDraft[] {
  const roles = outputsOf(placed, "role").map(({ output: { role } }): IdentityDraft => ({
    ...EMPTY,
    ...role,
    known: new Set(["identity", "session", "boundary"]),
  }));
  const users = outputsOf(placed, "user").map(({ output: { arn, boundary } }): IdentityDraft => ({
    ...EMPTY,
    kind: "user",
    arn,
    boundary,
    known: new Set(["identity", "session", "boundary", "instance profiles"]),
  }));
  refuseOrphans(placed, [...roles, ...users]);
  return [...roles, ...users].map((draft) => withPolicies(draft, placed));
}

const EMPTY: IdentityDraft = {
  kind: "role",
  arn: "",
  trust: undefined,
  maxSessionSeconds: undefined,
  hasInstanceProfile: false,
  inline: [],
  attached: [],
  boundary: undefined,
  known: new Set(),
};

function withPolicies(draft: IdentityDraft, placed: readonly Placed[]): IdentityDraft {
  const name = lastPart(draft.arn);
  const own = ownPolicies(draft.kind, name, placed);
  const groups = draft.kind === "user" ? groupPolicies(name, placed) : NONE;
  const profiles = outputsOf(placed, "instance profiles").filter(
    ({ folder, output }) =>
      output.roles.includes(draft.arn) || isFolderOf(folder, draft.kind, name),
  );
  const known: readonly (Aspect | false)[] = [
    own.isWhole && groups.isWhole && "policies",
    profiles.length > 0 && "instance profiles",
  ];
  return {
    ...draft,
    inline: [...own.inline, ...groups.inline],
    attached: [...own.attached, ...groups.attached],
    hasInstanceProfile: profiles.some(({ output }) => output.roles.includes(draft.arn)),
    known: new Set([...draft.known, ...known.filter((one) => one !== false)]),
  };
}

function refuseOrphans(placed: readonly Placed[], known: readonly IdentityDraft[]): void {
  for (const { output, file } of outputsOf(placed, "inline policy")) {
    if (output.of === "group") continue;
    const isKnown = known.some(
      ({ kind, arn }) => kind === output.of && lastPart(arn) === output.owner,
    );
    if (!isKnown)
      throw new PosternError(
        "BadData",
        `${file}: ${output.of === "role" ? "RoleName" : "UserName"}: expected a ${output.of} that is told of, got ${quote(output.owner)}`,
        { hint: `save get-${output.of} of it too: only that has its ARN` },
      );
  }
}
