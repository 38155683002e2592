/** Requests decided by all documents of a deployment: what the caller, the bucket, the key and the endpoint say. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { generateDeployment } from "../../agent/generate/deployment.ts";
import type { AccessMap } from "../../agent/map/access-map.ts";
import { parseMap } from "../../agent/map/parse.ts";
import { bindingsOf } from "../../agent/policy/bindings.ts";
import { type Caller, callerOfArn } from "../../agent/policy/caller.ts";
import { contextOf } from "../../agent/policy/context.ts";
import type { Deployment, IdentityDocuments } from "../../agent/policy/deployment.ts";
import { evaluate } from "../../agent/policy/evaluate.ts";
import { parseArn } from "../../agent/policy/glob.ts";
import { standardKeys } from "../../agent/policy/standard-keys.ts";
import type { Verdict } from "../../agent/policy/verdict.ts";
import { root } from "./root.ts";

export const REALISTIC: string = readFileSync(join(root, "test/cases/map/realistic.yaml"), "utf8");

export const realisticMap: AccessMap = parseMap(REALISTIC, "realistic.yaml");
export const realistic: Deployment = generateDeployment(realisticMap);

export const FURTHER: string = readFileSync(join(root, "test/cases/map/further.yaml"), "utf8");

/** Groups in several buckets. */
export const furtherMap: AccessMap = parseMap(FURTHER, "further.yaml");
export const further: Deployment = generateDeployment(furtherMap);

export type Keys = Readonly<Record<string, string | readonly string[]>>;

const ACCOUNT = "111122223333";
export const ORG = "o-a1b2c3d4e5";

/** By the ARN of a role or user; a role's ARN is some session of it. */
export function decide(
  deployment: Deployment,
  arn: string | undefined,
  { action, resource, keys = {} }: { action: string; resource: string; keys?: Keys },
): Verdict {
  const caller: Caller = (arn === undefined ? undefined : callerOfArn(arn)) ?? {
    kind: "anonymous",
  };
  const asked = {
    caller,
    action,
    resource: parseArn(resource),
    resourceAccount: ACCOUNT,
  };
  const given = Object.fromEntries(
    Object.entries(keys).map(([key, value]) => [key, [value].flat()]),
  );
  const context = contextOf({ ...standardKeys(asked, given, ORG), ...given });
  const request = { ...asked, context };
  return evaluate(request, bindingsOf(deployment)(request));
}

/** The deployment with one further policy that allows everything, for whom it is about. */
export function withEverything(deployment: Deployment, arn: string): Deployment {
  const document = {
    Version: "2012-10-17",
    Statement: [{ Sid: "Everything", Effect: "Allow", Action: "*", Resource: "*" }],
  };
  const everything = { name: "everything", form: "inline", document } as const;
  const stranger: IdentityDocuments = {
    kind: "role",
    arn,
    trust: undefined,
    maxSessionSeconds: undefined,
    hasInstanceProfile: false,
    policies: [],
    foreignPolicies: [],
    boundary: undefined,
  };
  const known = deployment.identities.some((one) => one.arn === arn);
  const identities = known ? deployment.identities : [...deployment.identities, stranger];
  return {
    ...deployment,
    identities: identities.map((one) =>
      one.arn === arn ? { ...one, policies: [...one.policies, everything] } : one,
    ),
  };
}
