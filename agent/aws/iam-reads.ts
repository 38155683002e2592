/**
 * What is asked of IAM, by the SDK's client.
 * @see https://docs.aws.amazon.com/IAM/latest/APIReference/API_Operations.html
 * @module
 */
import {
  GetGroupPolicyCommand,
  GetPolicyCommand,
  GetPolicyVersionCommand,
  GetRoleCommand,
  GetRolePolicyCommand,
  GetUserCommand,
  GetUserPolicyCommand,
  IAMClient,
  ListAttachedGroupPoliciesCommand,
  ListAttachedRolePoliciesCommand,
  ListAttachedUserPoliciesCommand,
  ListGroupPoliciesCommand,
  ListGroupsForUserCommand,
  ListInstanceProfilesForRoleCommand,
  ListRolePoliciesCommand,
  ListRolesCommand,
  ListUserPoliciesCommand,
} from "@aws-sdk/client-iam";
import type { Region } from "../core/names.ts";
import type { Endpoints } from "./endpoints.ts";
import type { Input } from "./question.ts";
import type { WireTools } from "./wire.ts";

export interface IamOptions extends WireTools {
  /** Of the partition: IAM has one endpoint in each. */
  readonly region: Region;
  /** Undefined: the public one. */
  readonly endpoint: URL | undefined;
  readonly endpoints: Pick<Endpoints, "fips" | "dualStack">;
}

/** Each call is one request. */
export function createIamClient(options: IamOptions): IAMClient {
  const { region, credentials, connection, endpoint, endpoints } = options;
  return new IAMClient({
    region,
    credentials,
    requestHandler: connection,
    // retries are `call`'s
    maxAttempts: 1,
    disableClockSkewCorrection: true,
    useFipsEndpoint: endpoints.fips,
    useDualstackEndpoint: endpoints.dualStack,
    ...(endpoint === undefined ? {} : { endpoint: endpoint.href }),
  });
}

/** One page, by the name of its operation. @throws whatever the client fails with */
export type SendIam = (
  iam: IAMClient,
  input: Input,
  options: { readonly abortSignal: AbortSignal },
) => Promise<object>;

export const IAM_READS: ReadonlyMap<string, SendIam> = new Map<string, SendIam>([
  ["GetRole", (iam, { RoleName }, options) => iam.send(new GetRoleCommand({ RoleName }), options)],
  ["GetUser", (iam, { UserName }, options) => iam.send(new GetUserCommand({ UserName }), options)],
  [
    "GetRolePolicy",
    (iam, { RoleName, PolicyName }, options) =>
      iam.send(new GetRolePolicyCommand({ RoleName, PolicyName }), options),
  ],
  [
    "GetUserPolicy",
    (iam, { UserName, PolicyName }, options) =>
      iam.send(new GetUserPolicyCommand({ UserName, PolicyName }), options),
  ],
  [
    "GetGroupPolicy",
    (iam, { GroupName, PolicyName }, options) =>
      iam.send(new GetGroupPolicyCommand({ GroupName, PolicyName }), options),
  ],
  [
    "GetPolicy",
    (iam, { PolicyArn }, options) => iam.send(new GetPolicyCommand({ PolicyArn }), options),
  ],
  [
    "GetPolicyVersion",
    (iam, { PolicyArn, VersionId }, options) =>
      iam.send(new GetPolicyVersionCommand({ PolicyArn, VersionId }), options),
  ],
  [
    "ListRoles",
    (iam, { PathPrefix, Marker }, options) =>
      iam.send(new ListRolesCommand({ PathPrefix, Marker }), options),
  ],
  [
    "ListRolePolicies",
    (iam, { RoleName, Marker }, options) =>
      iam.send(new ListRolePoliciesCommand({ RoleName, Marker }), options),
  ],
  [
    "ListUserPolicies",
    (iam, { UserName, Marker }, options) =>
      iam.send(new ListUserPoliciesCommand({ UserName, Marker }), options),
  ],
  [
    "ListGroupPolicies",
    (iam, { GroupName, Marker }, options) =>
      iam.send(new ListGroupPoliciesCommand({ GroupName, Marker }), options),
  ],
  [
    "ListAttachedRolePolicies",
    (iam, { RoleName, Marker }, options) =>
      iam.send(new ListAttachedRolePoliciesCommand({ RoleName, Marker }), options),
  ],
  [
    "ListAttachedUserPolicies",
    (iam, { UserName, Marker }, options) =>
      iam.send(new ListAttachedUserPoliciesCommand({ UserName, Marker }), options),
  ],
  [
    "ListAttachedGroupPolicies",
    (iam, { GroupName, Marker }, options) =>
      iam.send(new ListAttachedGroupPoliciesCommand({ GroupName, Marker }), options),
  ],
  [
    "ListGroupsForUser",
    (iam, { UserName, Marker }, options) =>
      iam.send(new ListGroupsForUserCommand({ UserName, Marker }), options),
  ],
  [
    "ListInstanceProfilesForRole",
    (iam, { RoleName, Marker }, options) =>
      iam.send(new ListInstanceProfilesForRoleCommand({ RoleName, Marker }), options),
  ],
]);
