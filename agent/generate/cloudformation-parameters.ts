/**
 * The identifiers that a template takes. Documents name buckets, roles and users and are not filled in again: each parameter
 * accepts what they name and nothing else.
 * @see https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/parameters-section-structure.html
 * @module
 */
import type { BucketDocuments, IdentityDocuments } from "../policy/deployment.ts";
import type { Parameter } from "./cloudformation-template.ts";
import { nameOf } from "./holders.ts";
import { logicalId } from "./logical-ids.ts";

/** Parameters and resources share their names: none of a resource's starts like these. */
export function bucketParameter(name: string): string {
  return logicalId("NameOfBucket", name);
}

/** Of a role or user that is there already. */
export function holderParameter({ kind, arn }: IdentityDocuments): string {
  return logicalId(kind === "user" ? "NameOfUser" : "NameOfRole", nameOf({ kind, arn }));
}

export function parametersOf(
  buckets: readonly BucketDocuments[],
  found: readonly IdentityDocuments[],
  bounded: boolean,
): Readonly<Record<string, Parameter>> {
  const holders = found.filter(({ kind }) => kind !== "permission set");
  return Object.fromEntries([
    ...buckets.map(
      ({ name }) => [bucketParameter(name), fixed("Name of the bucket", name)] as const,
    ),
    ...holders.map(
      (one) => [holderParameter(one), fixed(`Name of the ${one.kind}`, nameOf(one))] as const,
    ),
    ...(bounded ? [["PermissionsBoundary", BOUNDARY] as const] : []),
  ]);
}

function fixed(what: string, value: string): Parameter {
  return {
    Type: "String",
    Description: `${what}, as the documents have it.`,
    Default: value,
    AllowedValues: [value],
    ConstraintDescription: `must be ${value}: what was proved of the documents holds for that alone. Change the access map and generate again.`,
  };
}

const BOUNDARY: Parameter = {
  Type: "String",
  Description:
    "ARN of a policy that bounds every role made here, or nothing. It can only take away: what was proved to be denied stays denied, what was proved to be allowed may not be.",
  Default: "",
  AllowedPattern: "^(arn:[a-z-]+:iam::([0-9]{12}|aws):policy/.+)?$",
  ConstraintDescription: "must be the ARN of a policy, or empty.",
};
