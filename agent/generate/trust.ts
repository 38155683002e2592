/**
 * Who may assume a generated role. Nobody but the one service, provider or people that the map names: a role that both an
 * instance and a person could assume would escape the guards of instances.
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html (aws:SourceAccount)
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_create_for-idp_oidc.html
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_mfa_configure-api-require.html
 * @module
 */
import { PosternError } from "../core/errors.ts";
import { quote } from "../core/names.ts";
import type { Partition, Principal } from "../map/access-map.ts";
import type { PolicyJson } from "../policy/deployment.ts";
import { sizeOf } from "./draft.ts";
import type { Sources } from "./draft.ts";
import { fillTemplate, type Values } from "./fill.ts";

/**
 * Twice that, and four times, can be asked for.
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
 */
const MAX_TRUST = 2048;

/** Undefined for who is there already. @throws {PosternError} TooLarge */
export function trustPolicy(sources: Sources, principal: Principal): PolicyJson | undefined {
  const chosen = trustTemplate(sources, principal);
  if (chosen === undefined) return undefined;
  const { template, values } = chosen;
  const policy = fillTemplate(sources.templates(template), values, template);
  const size = sizeOf(policy);
  if (size <= MAX_TRUST) return policy;
  throw new PosternError(
    "TooLarge",
    `trust policy of ${quote(principal.name)}: expected at most ${MAX_TRUST} characters, got ${size}`,
    { hint: "name fewer subjects, or fewer people" },
  );
}

function trustTemplate(
  { map }: Sources,
  principal: Principal,
): { readonly template: string; readonly values: Values } | undefined {
  const { account, partition } = map;
  switch (principal.kind) {
    case "ec2":
      return { template: "trust/instance", values: { service: instanceService(partition) } };
    case "service":
      return { template: "trust/service", values: { service: principal.service, account } };
    case "oidc": {
      const { provider, audience, subjects } = principal;
      const providerArn = `arn:${partition}:iam::${account}:oidc-provider/${provider}`;
      const values = { providerArn, provider, audience };
      return subjects.some((subject) => subject.includes("*"))
        ? {
            template: "trust/tokens-by-pattern",
            values: { ...values, subjects: { pattern: subjects } },
          }
        : { template: "trust/tokens", values: { ...values, subjects } };
    }
    case "human":
      return { template: "trust/people", values: { people: principal.trusted } };
    case "existing":
    case "sso":
    case "user":
    case "foreign":
      return undefined;
    default:
      return principal satisfies never;
  }
}

/** The service that the role is passed to; undefined where none is. */
export function trustedService(principal: Principal, partition: Partition): string | undefined {
  if (principal.kind === "ec2" || (principal.kind === "existing" && principal.isInstance))
    return instanceService(partition);
  return principal.kind === "service" ? principal.service : undefined;
}

/** @see https://docs.amazonaws.cn/en_us/aws/latest/userguide/iam.html */
function instanceService(partition: Partition): string {
  return partition === "aws-cn" ? "ec2.amazonaws.com.cn" : "ec2.amazonaws.com";
}

/** An hour, which is IAM's default; for people also the age at which the second factor is asked for again. */
export const MAX_SESSION_SECONDS = 3600;
