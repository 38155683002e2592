/** Documents with some of their statements, each made once so that what is known of it is kept. @module */
import type { Policy, Statement } from "../policy/document.ts";

export interface LeftOvers {
  /** All that allow, and of those that deny only the `kept`. */
  readonly withThose: (policy: Policy, kept: ReadonlySet<Statement>) => Policy;
  /** No principal is that role any more: KMS and S3 keep the id of a role, which goes with it. */
  readonly withoutArn: (policy: Policy, arn: string) => Policy;
}

export function newLeftOvers(): LeftOvers {
  const made = new Map<Policy, Map<string, Policy>>();
  const once = (policy: Policy, name: string, make: () => readonly Statement[]): Policy => {
    const known = made.get(policy) ?? new Map<string, Policy>();
    made.set(policy, known);
    const found = known.get(name) ?? { ...policy, statements: make() };
    known.set(name, found);
    return found;
  };
  return {
    withThose: (policy, kept) => {
      const statements = policy.statements.filter((one) => one.effect === "Allow" || kept.has(one));
      return once(policy, statements.map(({ index }) => index).join(), () => statements);
    },
    withoutArn: (policy, arn) =>
      once(policy, arn, () => policy.statements.map((one) => withoutPrincipal(one, arn))),
  };
}

function withoutPrincipal(statement: Statement, arn: string): Statement {
  const { principal } = statement;
  if (principal === undefined) return statement;
  const arns = new Set([...principal.set.arns].filter((one) => one !== arn));
  return { ...statement, principal: { ...principal, set: { ...principal.set, arns } } };
}
