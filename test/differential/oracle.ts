/**
 * What @cloud-copilot/iam-simulate says of a scenario: another implementation of the same rules, asked as a judge.
 *
 * It ignores an option whose name it does not know, so the options are typed in full here, and a test removes each kind
 * of policy to see that the answer turns.
 */
import { runSimulation, type Simulation } from "@cloud-copilot/iam-simulate";

type Document = Readonly<Record<string, unknown>>;

/** A scenario of `policy simulate`, of callers and policies that both implementations know. */
export interface Asked {
  readonly principal: { readonly arn: string } | { readonly service: string };
  readonly action: string;
  readonly resource: { readonly arn: string; readonly account: string };
  readonly context: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly policies: {
    readonly identity?: readonly Document[] | undefined;
    readonly resource?: Document | undefined;
    readonly session?: Document | undefined;
    readonly boundary?: Document | undefined;
    readonly scp?: readonly (readonly Document[])[] | undefined;
    readonly rcp?: readonly (readonly Document[])[] | undefined;
    readonly endpoint?: Document | undefined;
  };
}

export type Answer = "allow" | "explicit deny" | "implicit deny";

const ANSWERS: Readonly<Record<string, Answer>> = {
  Allowed: "allow",
  ExplicitlyDenied: "explicit deny",
  ImplicitlyDenied: "implicit deny",
};

export async function askOracle(asked: Asked): Promise<Answer> {
  const result = await runSimulation(simulationOf(asked), {});
  if (result.resultType !== "single")
    throw new Error(`refused by the judge: ${JSON.stringify(result).slice(0, 400)}`);
  const { ignoredContextKeys = [] } = result.result;
  if (ignoredContextKeys.length > 0) throw new Error(`ignored: ${ignoredContextKeys.join(", ")}`);
  const answer = ANSWERS[result.overallResult];
  if (answer === undefined) throw new Error(`unknown answer ${result.overallResult}`);
  return answer;
}

function simulationOf({ principal, action, resource, context, policies }: Asked): Simulation {
  const { identity = [], session, boundary, scp = [], rcp = [], endpoint } = policies;
  const named = (documents: readonly Document[]): { name: string; policy: Document }[] =>
    documents.map((policy, at) => ({ name: `p${at}`, policy: renamed(policy) }));
  const levels = (
    kind: readonly (readonly Document[])[],
  ): { orgIdentifier: string; policies: { name: string; policy: Document }[] }[] =>
    kind.map((documents, at) => ({ orgIdentifier: `level-${at}`, policies: named(documents) }));
  return {
    request: {
      principal: "arn" in principal ? principal.arn : principal.service,
      action,
      resource: { resource: resource.arn, accountId: resource.account },
      contextVariables: renamed(context) as Record<string, string | string[]>,
    },
    identityPolicies: named(identity),
    serviceControlPolicies: levels(scp),
    resourceControlPolicies: levels(rcp),
    ...(policies.resource === undefined ? {} : { resourcePolicy: renamed(policies.resource) }),
    ...(session === undefined ? {} : { sessionPolicy: renamed(session) }),
    ...(boundary === undefined ? {} : { permissionBoundaryPolicies: named([boundary]) }),
    ...(endpoint === undefined ? {} : { vpcEndpointPolicies: named([endpoint]) }),
  };
}

/** The judge drops keys of an encryption context; under another name it compares them. */
function renamed<Value>(value: Value): Value {
  const text = JSON.stringify(value);
  return JSON.parse(text.replaceAll("kms:EncryptionContext:", "aws:PrincipalTag/ec-")) as Value;
}
