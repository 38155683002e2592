/** Rules about the use of keys. @module */
import { layersOf, callersOf } from "./asking.ts";
import { allowedBy } from "./probe.ts";
import { allowsOf, hasAction, isBreakGlass, keyFor } from "./sample.ts";
import type { Caller } from "../policy/caller.ts";
import type { LintDocument, WrittenStatement } from "./document.ts";
import type { Harm, Rule } from "./rule.ts";
import { type DocumentSet, someRole } from "./set.ts";
import { refusalOf, witnessOf } from "./witness.ts";

export const KMS_RULES: readonly Rule[] = [
  {
    id: "kms-unscoped",
    severity: "error",
    title: "kms:Decrypt without a condition on kms:ViaService or the encryption context",
    why: "It opens what any group has under the key, also in direct calls to KMS.",
    page: "https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html",
    fix: "for SSE-KMS require `kms:ViaService` and `kms:EncryptionContext:aws:s3:arn`, else the encryption context",
    witness: true,
    judges: "document",
    kinds: ["identity", "key"],
    find: (document, set) =>
      allowsOf(document).flatMap((statement) => unscopedOf(document, set, statement)),
  },
  {
    id: "kms-alias-resource",
    severity: "error",
    title: "the ARN of an alias as resource of kms:Decrypt and the like",
    why: "The ARN of an alias stands for the alias and never for its key.",
    page: "https://docs.aws.amazon.com/kms/latest/developerguide/alias-authorization.html",
    fix: "name the ARN of the key, or `kms:ResourceAliases` in a condition",
    witness: true,
    judges: "document",
    kinds: ["identity"],
    find: (document, set) =>
      allowsOf(document).flatMap((statement) => aliasesOf(document, set, statement)),
  },
  {
    id: "key-policy-delegates-use",
    severity: "warning",
    title: "a key policy that lets the account decide who decrypts, as the default one does",
    why: "Any identity policy in the account can then grant kms:Decrypt.",
    page: "https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html",
    fix: "give the account administrative actions alone, and name the roles that use the key",
    witness: true,
    judges: "document",
    kinds: ["key"],
    find: (document, set) =>
      allowsOf(document).flatMap((statement) => delegatedOf(document, set, statement)),
  },
  {
    id: "wildcard-via-service",
    severity: "warning",
    title: "a wildcard in kms:ViaService",
    why: "The key is then also open to the service in other regions, or to other services.",
    page: "https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html",
    fix: "name the service with its region: `s3.us-east-1.amazonaws.com`",
    witness: true,
    judges: "document",
    kinds: ["identity", "key"],
    find: (document, set) =>
      allowsOf(document).flatMap((statement) => regionsOf(document, set, statement)),
  },
];

/** A direct call, with no encryption context. */
const UNSCOPED = {
  context: { "kms:ViaService": [], "kms:EncryptionContextKeys": [] },
  facts: ["kms:encryptioncontext:"],
};

function unscopedOf(
  document: LintDocument,
  set: DocumentSet,
  written: WrittenStatement,
): readonly Harm[] {
  const action = "kms:Decrypt";
  if (!hasAction(written, action) || isBreakGlass(written)) return [];
  // of services confused-deputy tells, of whom the account chooses key-policy-delegates-use
  const isNamed = (caller: Caller): boolean => caller.kind === "user" || caller.kind === "role";
  const delegates = (written.statement.principal?.set.accounts.size ?? 0) > 0;
  const callers = delegates ? [] : callersOf(document, set, written).filter(isNamed);
  const witness = allowedBy(
    written,
    {
      document,
      set,
      action,
      name: "a direct call opens what any group has under the key",
      resource: keyFor(document, written, set),
      ...UNSCOPED,
    },
    callers,
  );
  if (witness === undefined) return [];
  const message =
    "expected kms:Decrypt for an encryption context or through a service, got it for any call";
  return [{ document, path: written.path, message, witness }];
}

const CRYPTOGRAPHIC = ["kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey", "kms:DescribeKey"];

function aliasesOf(
  document: LintDocument,
  set: DocumentSet,
  written: WrittenStatement,
): readonly Harm[] {
  const action = CRYPTOGRAPHIC.find((one) => hasAction(written, one));
  const [caller] = callersOf(document, set, written);
  if (action === undefined || caller === undefined) return [];
  return written.resources.flatMap(({ text, path }) => {
    if (!/^arn:[^:]*:kms:[^:]*:[^:]*:alias\//.test(text)) return [];
    const ask = {
      set,
      name: "the key behind the alias is not granted",
      caller,
      action,
      resource: set.key,
      layers: layersOf(document, set, written, caller, action),
    };
    const isGranted = witnessOf(ask, { decision: "allow" }) !== undefined;
    const witness = isGranted ? undefined : refusalOf(ask);
    if (witness === undefined) return [];
    return [{ document, path, message: `expected the ARN of a key, got "${text}"`, witness }];
  });
}

function delegatedOf(
  document: LintDocument,
  set: DocumentSet,
  written: WrittenStatement,
): readonly Harm[] {
  if (written.statement.principal?.set.accounts.has(set.account) !== true) return [];
  const action = "kms:Decrypt";
  if (!hasAction(written, action)) return [];
  const witness = allowedBy(
    written,
    {
      document,
      set,
      action,
      name: "a role decrypts that only an identity policy speaks of",
      resource: keyFor(document, written, set),
      ...UNSCOPED,
    },
    [someRole(set)],
  );
  if (witness === undefined) return [];
  const message = `expected administrative actions for account ${set.account}, got kms:Decrypt as well`;
  return [{ document, path: written.path, message, witness }];
}

function regionsOf(
  document: LintDocument,
  set: DocumentSet,
  written: WrittenStatement,
): readonly Harm[] {
  const action = ["kms:Decrypt", "kms:GenerateDataKey"].find((one) => hasAction(written, one));
  if (action === undefined) return [];
  return written.conditions.flatMap(({ condition, path }) => {
    if (condition.lowerKey !== "kms:viaservice" || condition.operator.negated) return [];
    return condition.values.flatMap((value) => {
      if (!value.includes("*")) return [];
      const other = value.replaceAll("*", set.region === "sa-east-1" ? "us-west-2" : "sa-east-1");
      const witness = allowedBy(written, {
        document,
        set,
        action,
        name: "the key is used through another region, or another service",
        resource: keyFor(document, written, set),
        context: { "kms:ViaService": [other] },
      });
      if (witness === undefined) return [];
      return [
        { document, path, message: `expected one service of one region, got "${value}"`, witness },
      ];
    });
  });
}
