/**
 * Who looks at how buckets and keys are protected does nothing else with them, and is of the account that owns them: S3
 * and KMS show their policies to nobody of another.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketPolicy.html
 * @see https://docs.aws.amazon.com/kms/latest/APIReference/API_GetKeyPolicy.html
 * @module
 */
import type { AccessMap, PrincipalName } from "./access-map.ts";
import type { Report } from "./judge-settings.ts";

export function judgeAuditors(map: AccessMap, report: Report): void {
  for (const [at, name] of map.auditors.entries()) {
    const path = ["auditors", at];
    const principal = map.principals.find((one) => one.name === name);
    const [duty] = dutiesOf(map, name);
    if (principal?.kind === "foreign")
      report(
        path,
        `expected a principal of account ${map.account}, got ${name} of another, to which AWS shows no policy of a bucket or key; name a role of ${map.account}`,
      );
    else if (duty !== undefined)
      report(
        path,
        `expected a principal that does nothing else, got ${name}, which ${duty}; add a role of its own to principals and name that`,
      );
  }
}

function dutiesOf(
  { groups, deployers, breakGlass }: AccessMap,
  name: PrincipalName,
): readonly string[] {
  return [
    ...groups.filter(({ readers }) => readers.includes(name)).map((one) => `reads ${one.name}`),
    ...groups
      .filter(({ publishers }) => publishers.some(({ principal }) => principal === name))
      .map((one) => `publishes ${one.name}`),
    ...(deployers.includes(name) ? ["is one of deployers"] : []),
    ...(breakGlass.includes(name) ? ["is one of break_glass"] : []),
  ];
}
