/** Rules about the policies of VPC endpoints. @module */
import type { LintDocument } from "./document.ts";
import type { Harm, Rule } from "./rule.ts";
import { allowsOf, sampleOf } from "./sample.ts";
import { type DocumentSet, roleOf } from "./set.ts";
import { ALL_ACCESS, refusalOf } from "./witness.ts";

const PAGE = "https://docs.aws.amazon.com/vpc/latest/privatelink/vpc-endpoints-access.html";

export const ENDPOINT_RULES: readonly Rule[] = [
  {
    id: "endpoint-account-principal",
    severity: "error",
    title: "an account as principal in the policy of an endpoint of S3",
    why: "In the policy of a gateway endpoint an account means its root user alone.",
    page: PAGE,
    fix: 'write `"Principal": "*"` and the account in `aws:PrincipalAccount`',
    witness: true,
    judges: "document",
    kinds: ["endpoint"],
    find: accountsOf,
  },
];

function accountsOf(document: LintDocument, set: DocumentSet): readonly Harm[] {
  return allowsOf(document).flatMap((statement) => {
    const sample = sampleOf(document, set, statement);
    const [account] = statement.statement.principal?.set.accounts ?? [];
    if (account === undefined || sample?.action.startsWith("s3:") !== true) return [];
    const witness = refusalOf({
      set,
      ...sample,
      name: "a role of the account does not get through",
      caller: roleOf(`arn:${set.partition}:iam::${account}:role/any-role`),
      layers: { identity: [ALL_ACCESS], resource: undefined, endpoint: document },
    });
    if (witness === undefined) return [];
    const message = `expected "*" with a condition, got account ${account}, which means its root user`;
    return [{ document, path: `${statement.path}.Principal`, message, witness }];
  });
}
