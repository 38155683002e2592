/** Rules about those whom a policy lets in without meaning them. @module */
import type { Caller } from "../policy/caller.ts";
import { below } from "../policy/issues.ts";
import { callerOf } from "./asking.ts";
import { filledOf } from "./candidates.ts";
import type { LintDocument, WrittenStatement } from "./document.ts";
import { allowedBy } from "./probe.ts";
import type { Harm, Rule } from "./rule.ts";
import { allowsOf, sampleOf } from "./sample.ts";
import { type DocumentSet, roleOf, STRANGER, strangerRole } from "./set.ts";

export const STRANGER_RULES: readonly Rule[] = [
  {
    id: "public-access",
    severity: "error",
    title:
      'an Allow for `"*"` whose conditions somebody of another account, or nobody\'s, can fulfil',
    why: "Anyone on the internet, or anyone with an AWS account, has what it allows.",
    page: "https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html",
    fix: "name the principals, or require an organisation, account, network or source of your own",
    witness: true,
    judges: "document",
    kinds: ["bucket", "key", "trust"],
    find: (document, set) =>
      allowsOf(document).flatMap((statement) => strangersOf(document, set, statement)),
  },
  {
    id: "confused-deputy",
    severity: "error",
    title: "an Allow for a service without aws:SourceAccount, aws:SourceArn or aws:SourceOrgID",
    why: "The service does it for any of its customers.",
    page: "https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html",
    fix: "require `aws:SourceAccount` of your own account, or `aws:SourceArn`",
    witness: true,
    judges: "document",
    kinds: ["bucket", "key"],
    find: (document, set) =>
      allowsOf(document).flatMap((statement) => deputiesOf(document, set, statement)),
  },
  {
    id: "foreign-account",
    severity: "warning",
    title: "an Allow for another account as a whole",
    why: "Whoever administers that account decides who of it has what is allowed.",
    page: "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic-cross-account.html",
    fix: "name the roles of that account",
    witness: true,
    judges: "document",
    kinds: ["bucket", "key", "trust"],
    find: (document, set) =>
      allowsOf(document).flatMap((statement) => foreignersOf(document, set, statement)),
  },
];

// what tells strangers from one's own: facts about them, which they cannot choose
// @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html (the meaning of public)
const STRANGE_FACTS = [
  "aws:source",
  "aws:vpc",
  "aws:principalorg",
  "aws:ec2",
  "ec2:",
  "aws:userid",
  "aws:calledvia",
  "aws:federatedprovider",
  "aws:assumedroot",
  "lambda:",
  "s3:dataaccesspoint",
  "s3:accessgrantsinstancearn",
];

function strangersOf(
  document: LintDocument,
  set: DocumentSet,
  written: WrittenStatement,
): readonly Harm[] {
  const { principal, conditions } = written.statement;
  const sample = sampleOf(document, set, written);
  if (principal?.set.everyone !== true || sample === undefined) return [];
  // who has an account of their own names their role as a pattern wants it
  const namesakes = conditions
    .filter(({ lowerKey }) => lowerKey === "aws:principalarn")
    .flatMap(({ values }) => values)
    .flatMap((value) => filledOf(value.replace(/^(arn:[^:]*:iam::)\*:/, `$1${STRANGER}:`)))
    .filter((arn) => arn.includes(STRANGER))
    .map(callerOf);
  const callers: readonly (Caller | undefined)[] = [
    { kind: "anonymous" },
    strangerRole(set),
    ...namesakes,
  ];
  for (const caller of callers) {
    if (caller === undefined) continue;
    const isNobody = caller.kind === "anonymous";
    const witness = allowedBy(
      written,
      {
        document,
        set,
        ...sample,
        name: `${isNobody ? "anyone" : "a role of any other account"} has it`,
        context: {
          "aws:SourceIp": ["203.0.113.251"],
          "aws:PrincipalOrgID": isNobody ? [] : ["o-stranger00"],
        },
        facts: isNobody ? [...STRANGE_FACTS, "aws:principal"] : STRANGE_FACTS,
      },
      [caller],
    );
    if (witness !== undefined) {
      const who = isNobody ? "anyone" : "anyone with an AWS account";
      const message = `expected principals of your own, got "*", so that ${who} is allowed ${sample.action}`;
      return [{ document, path: below(written.path, "Principal"), message, witness }];
    }
  }
  return [];
}

function deputiesOf(
  document: LintDocument,
  set: DocumentSet,
  written: WrittenStatement,
): readonly Harm[] {
  const { principal, conditions } = written.statement;
  const sample = sampleOf(document, set, written);
  // the encryption context that a service sets names the resource that it works for
  const isBound = conditions.some(({ lowerKey }) => lowerKey.startsWith("kms:encryptioncontext:"));
  if (principal === undefined || sample === undefined || isBound) return [];
  return [...principal.set.services].flatMap((service) => {
    // load balancers write below the id of their own account
    if (service.startsWith("logdelivery.elasticloadbalancing.")) return [];
    const caller: Caller = {
      kind: "service",
      name: service === "*" ? "s3.amazonaws.com" : service,
    };
    const witness = allowedBy(
      written,
      {
        document,
        set,
        ...sample,
        name: `${service} does it for another customer`,
        context: {
          "aws:SourceAccount": [STRANGER],
          "aws:SourceArn": [`arn:${set.partition}:s3:::bucket-of-a-stranger`],
          "aws:SourceOrgID": ["o-stranger00"],
        },
        facts: ["aws:source", "aws:principal"],
      },
      [caller],
    );
    if (witness === undefined) return [];
    const message = `expected a condition on whom ${service} works for, got none that keeps strangers out`;
    return [{ document, path: below(written.path, "Principal"), message, witness }];
  });
}

function foreignersOf(
  document: LintDocument,
  set: DocumentSet,
  written: WrittenStatement,
): readonly Harm[] {
  const { principal } = written.statement;
  const sample = sampleOf(document, set, written);
  if (principal === undefined || principal.negated || sample === undefined) return [];
  return [...principal.set.accounts].flatMap((account) => {
    if (account === set.account) return [];
    const caller = roleOf(`arn:${set.partition}:iam::${account}:role/any-role`);
    const witness = allowedBy(
      written,
      { document, set, ...sample, name: "any role of that account may be given it" },
      [caller],
    );
    if (witness === undefined) return [];
    const message = `expected roles of account ${account} by name, got the account as a whole`;
    return [{ document, path: below(written.path, "Principal"), message, witness }];
  });
}
