/**
 * Who makes a request, told by its ARN.
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html
 * @module
 */

export type Caller =
  | { readonly kind: "root"; readonly arn: string; readonly account: string }
  | { readonly kind: "user"; readonly arn: string; readonly account: string }
  | {
      readonly kind: "role";
      /** With its path: `arn:aws:iam::ACCOUNT:role/PATH/NAME`. */
      readonly arn: string;
      /** `arn:aws:sts::ACCOUNT:assumed-role/NAME/SESSION`; undefined: some session of the role. */
      readonly session: string | undefined;
      readonly account: string;
    }
  | {
      readonly kind: "federated user";
      /** `arn:aws:sts::ACCOUNT:federated-user/NAME` */
      readonly arn: string;
      readonly account: string;
    }
  /** Who comes with a token of an identity provider and no credentials of AWS. */
  | { readonly kind: "federated"; readonly provider: string }
  | { readonly kind: "service"; readonly name: string }
  | { readonly kind: "anonymous" };

/**
 * The caller behind an ARN of IAM or STS; undefined when it is none.
 * @param roleArn the role's own ARN, for a session of a role with a path, which the session's ARN lacks
 */
export function callerOfArn(arn: string, roleArn?: string): Caller | undefined {
  const found = /^arn:(aws[a-z-]*):(iam|sts)::(\d{12}):(.+)$/.exec(arn);
  const [, partition = "", service, account = "", rest = ""] = found ?? [];
  if (found === null) return undefined;
  if (service === "iam") {
    if (rest === "root") return { kind: "root", arn, account };
    if (/^user\/(?:[^*?]+\/)?[^*?/]+$/.test(rest)) return { kind: "user", arn, account };
    if (/^role\/(?:[^*?]+\/)?[^*?/]+$/.test(rest))
      return { kind: "role", arn, session: undefined, account };
    return undefined;
  }
  if (/^federated-user\/[^*?/]+$/.test(rest)) return { kind: "federated user", arn, account };
  const role = /^assumed-role\/([^*?/]+)\/[^*?/]+$/.exec(rest)?.[1];
  if (role === undefined) return undefined;
  const own = roleArn ?? `arn:${partition}:iam::${account}:role/${role}`;
  const isItsRole =
    own.startsWith(`arn:${partition}:iam::${account}:role/`) && own.endsWith(`/${role}`);
  return isItsRole ? { kind: "role", arn: own, session: arn, account } : undefined;
}

/** The account whose policies bind the caller; undefined for who has none. */
export function accountOf(caller: Caller): string | undefined {
  return "account" in caller ? caller.account : undefined;
}

/** Roles that a service made for itself: no policy of an organisation binds them. */
export function isServiceLinked(caller: Caller): boolean {
  return caller.kind === "role" && caller.arn.includes(":role/aws-service-role/");
}
