/** Scenarios that turn when one kind of policy is taken away, and those in which the two are known to differ. */
import type { Asked } from "./oracle.ts";

const A = "111122223333";
const BUCKET = "arn:aws:s3:::acme-secrets";
const SESSION = `arn:aws:sts::${A}:assumed-role/web/i-0abc`;

type Document = Readonly<Record<string, unknown>>;

const statement = { Effect: "Allow", Action: "s3:GetObject", Resource: `${BUCKET}/*` };
const documentOf = (changes: Document = {}, Version = "2012-10-17"): Document => ({
  Version,
  Statement: [{ ...statement, ...changes }],
});
const scenarioOf = (policies: Asked["policies"], context: Asked["context"] = {}): Asked => ({
  principal: { arn: SESSION },
  action: "s3:GetObject",
  resource: { arn: `${BUCKET}/web/db`, account: A },
  context: { "aws:PrincipalArn": `arn:aws:iam::${A}:role/web`, ...context },
  policies,
});

const identity = [documentOf()];
const other = documentOf({ Action: "s3:PutObject" });

interface Canary {
  readonly asked: Asked;
  /** What stands in for the policy when it is taken away. */
  readonly without: unknown;
}

export const CANARIES: Readonly<Record<keyof Asked["policies"], Canary>> = {
  identity: { asked: scenarioOf({ identity }), without: [] },
  resource: {
    asked: scenarioOf({ resource: documentOf({ Principal: { AWS: SESSION } }) }),
    without: undefined,
  },
  session: { asked: scenarioOf({ identity, session: other }), without: undefined },
  boundary: { asked: scenarioOf({ identity, boundary: other }), without: undefined },
  scp: { asked: scenarioOf({ identity, scp: [[other]] }), without: [] },
  rcp: {
    asked: scenarioOf({ identity, rcp: [[documentOf({ Effect: "Deny", Principal: "*" })]] }),
    without: [],
  },
  endpoint: {
    asked: scenarioOf({
      identity,
      endpoint: { ...documentOf({ Action: "s3:PutObject", Principal: "*" }) },
    }),
    without: undefined,
  },
};

const under = (Condition: unknown, context: Asked["context"], Version?: string): Asked =>
  scenarioOf({ identity: [documentOf({ Condition }, Version)] }, context);
const TEAM = "aws:PrincipalTag/team";
const PART = "aws:PrincipalTag/part";

/** In the order of the exceptions. */
export const EXAMPLES: readonly Asked[] = [
  under({ StringEquals: { [TEAM]: `\${${PART}}` } }, { [TEAM]: "a", [PART]: "a" }, "2008-10-17"),
  under({ StringNotEquals: { [TEAM]: `\${${PART}}` } }, { [TEAM]: "a" }),
  scenarioOf({ resource: documentOf({ Principal: { AWS: SESSION } }), session: other }),
  under({ NotIpAddress: { "aws:SourceIp": "203.0.113.7" } }, { "aws:SourceIp": "2001:db8::7" }),
  under({ StringEquals: { [TEAM]: "${*}" } }, { [TEAM]: "*" }),
];
