/** Which guards the roles of an existing bucket's hosts have themselves. @module */
import type { Deployment, IdentityDocuments, PolicyJson } from "../policy/deployment.ts";
import { conditionsOf, statementsOf, textsOf } from "./adopt-statements.ts";

export interface FoundHostGuards {
  readonly imdsV2: boolean;
  readonly stolenCredentials: "off" | "s3+kms" | "all";
}

/** @param hosts ARNs of the roles of instances that use the bucket: a guard is one that all of them have */
export function foundHostGuards(
  { identities }: Deployment,
  hosts: readonly string[],
): FoundHostGuards {
  const roles = hosts.map((arn) => denialsOf(identities.find((one) => one.arn === arn)));
  const haveAll = (isIt: (statement: PolicyJson) => boolean): boolean =>
    roles.length > 0 && roles.every((statements) => statements.some(isIt));
  const isPlace = (actions: readonly string[]) => {
    return (key: string) =>
      haveAll(
        (statement) =>
          covers(statement, actions) &&
          conditionsOf(statement).some(
            ({ operator, lowerKey }) => operator === "StringNotEquals" && lowerKey === key,
          ),
      );
  };
  const PLACES = ["aws:ec2instancesourcevpc", "aws:ec2instancesourceprivateipv4"];
  return {
    imdsV2: haveAll(isImdsV2),
    stolenCredentials: PLACES.every(isPlace(["*"]))
      ? "all"
      : PLACES.every(isPlace(["s3:*", "kms:*"]))
        ? "s3+kms"
        : "off",
  };
}

function denialsOf(one: IdentityDocuments | undefined): readonly PolicyJson[] {
  return (one?.policies ?? [])
    .flatMap(({ document }) => statementsOf(document))
    .filter(
      ({ Effect: effect, Resource: resource }) =>
        effect === "Deny" && textsOf(resource).includes("*"),
    );
}

function covers(statement: PolicyJson, actions: readonly string[]): boolean {
  const denied = textsOf(statement["Action"]);
  return denied.includes("*") || actions.every((action) => denied.includes(action));
}

/** @see https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/configuring-IMDS-existing-instances.html (ec2:RoleDelivery) */
function isImdsV2(statement: PolicyJson): boolean {
  const [only, ...more] = conditionsOf(statement);
  return (
    only !== undefined &&
    more.length === 0 &&
    covers(statement, ["*"]) &&
    /^NumericLessThan(IfExists)?$/.test(only.operator) &&
    only.lowerKey === "ec2:roledelivery" &&
    only.values.every((value) => Number(value) === 2)
  );
}
