/** A role of the account that no map knows, and whose own policies let it do everything. @module */
import type { AccessMap, Principal, PrincipalName } from "../map/access-map.ts";
import type { Deployment } from "../policy/deployment.ts";

const NAME = "a role that the map does not name";

export function strangerOf({ partition, account }: AccessMap): Principal {
  return {
    kind: "existing",
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- no name of a map, so that it is nobody's
    name: NAME as PrincipalName,
    arn: `arn:${partition}:iam::${account}:role/stranger-to-the-map`,
    isInstance: false,
    network: { kind: "any" },
  };
}

/** The deployment with the stranger's policies. */
export function withStranger(map: AccessMap, deployment: Deployment): Deployment {
  const stranger = strangerOf(map);
  const document = {
    Version: "2012-10-17",
    Statement: [{ Sid: "Everything", Effect: "Allow", Action: "*", Resource: "*" }],
  };
  return {
    ...deployment,
    identities: [
      ...deployment.identities,
      {
        kind: "role",
        arn: stranger.kind === "existing" ? stranger.arn : "",
        trust: undefined,
        maxSessionSeconds: undefined,
        hasInstanceProfile: false,
        policies: [{ name: "everything", form: "inline", document }],
        foreignPolicies: [],
        boundary: undefined,
      },
    ],
  };
}
