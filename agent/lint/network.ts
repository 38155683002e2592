/** Rules about conditions on the network that a request comes from. @module */
import type { Caller } from "../policy/caller.ts";
import { callersOf, guardsOf, layersOf } from "./asking.ts";
import type { LintDocument, WrittenCondition, WrittenStatement } from "./document.ts";
import { deniedBy, flippedBy } from "./probe.ts";
import type { Harm, Rule } from "./rule.ts";
import { allowsOf, deniesOf, hasAction, keyFor, sampleOf } from "./sample.ts";
import { type DocumentSet, ownerOf } from "./set.ts";
import { refusalOf, witnessOf } from "./witness.ts";

export const NETWORK_RULES: readonly Rule[] = [
  {
    id: "network-guard-on-service-call",
    severity: "error",
    title: "a condition on the network in a key policy, where S3 calls KMS",
    why: "With SSE-KMS the call comes from S3 and has no aws:SourceVpce, aws:SourceVpc or aws:SourceIp of the host.",
    page: "https://docs.aws.amazon.com/kms/latest/developerguide/conditions-aws.html",
    fix: 'guard the bucket instead, or spare such calls: `"BoolIfExists": {"aws:ViaAWSService": "false"}`',
    witness: true,
    judges: "document",
    kinds: ["key"],
    find: (document, set) =>
      isClientSide(document)
        ? []
        : document.statements.flatMap((statement) => brokenUseOf(document, set, statement)),
  },
  {
    id: "guard-hits-service",
    severity: "error",
    title: "a Deny by network or organisation that denies a service which the same policy allows",
    why: "Services such as inventory and logging call from their own network and belong to no organisation.",
    page: "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-principalisawsservice",
    fix: 'spare services: `"BoolIfExists": {"aws:PrincipalIsAWSService": "false"}`',
    witness: true,
    judges: "document",
    kinds: ["bucket", "key"],
    find: (document, set) =>
      allowsOf(document).flatMap((statement) => deniedServicesOf(document, set, statement)),
  },
  {
    id: "client-side-without-endpoint",
    severity: "error",
    title:
      "client-side decryption under a Deny by the instance's VPC, where no endpoint serves KMS",
    why: "Without an interface endpoint calls of KMS have no aws:SourceVpc, so that the Deny holds.",
    page: "https://docs.aws.amazon.com/kms/latest/developerguide/kms-vpc-endpoint.html",
    fix: "add an interface endpoint for KMS, and its policy",
    witness: true,
    judges: "set",
    find: (set) => set.documents.flatMap((document) => cutOffOf(document, set)),
  },
];

const NETWORK = /^aws:(sourcevpce?|sourcevpcarn|sourceip|vpcsourceip|vpceorgid|vpceaccount)$/;

// what S3 lacks when it calls KMS on behalf of a host
const NO_NETWORK: Readonly<Record<string, readonly string[]>> = {
  "aws:SourceVpce": [],
  "aws:SourceVpc": [],
  "aws:SourceVpcArn": [],
  "aws:SourceIp": [],
  "aws:VpcSourceIp": [],
  "aws:VpceOrgID": [],
  "aws:VpceAccount": [],
};

/** Whether an encryption context other than S3's, or a Null of kms:ViaService, shows that hosts call KMS themselves. */
function isClientSide({ statements }: LintDocument): boolean {
  return statements.some(({ conditions }) =>
    conditions.some(
      ({ condition: { lowerKey, operator, values } }) =>
        (lowerKey.startsWith("kms:encryptioncontext:") && !lowerKey.endsWith(":aws:s3:arn")) ||
        (lowerKey === "kms:viaservice" && operator.name === "Null" && values.includes("true")),
    ),
  );
}

function brokenUseOf(
  document: LintDocument,
  set: DocumentSet,
  statement: WrittenStatement,
): readonly Harm[] {
  const action = ["kms:Decrypt", "kms:GenerateDataKey"].find((one) => hasAction(statement, one));
  const guard = statement.conditions.find(({ condition }) => NETWORK.test(condition.lowerKey));
  if (action === undefined || guard === undefined) return [];
  const request = {
    document,
    set,
    action,
    resource: keyFor(document, statement, set),
    name: "S3 is refused the key for a host that may read",
  };
  const viaS3 = {
    ...NO_NETWORK,
    "kms:ViaService": [`s3.${set.region}.amazonaws.com`],
    "aws:ViaAWSService": ["true"],
  };
  const witness =
    statement.statement.effect === "Deny"
      ? deniedBy(statement, { ...request, context: viaS3 })
      : flippedBy(statement, request, guard.condition.key, valueOf(guard), viaS3);
  if (witness === undefined) return [];
  const message = `expected no condition on ${guard.condition.key} where S3 calls, got ${guard.operator}`;
  return [{ document, path: guard.path, message, witness }];
}

function valueOf({ condition: { values } }: WrittenCondition): readonly string[] {
  return values.slice(0, 1).map((value) => value.replace(/\/\d+$/, "").replaceAll("*", "x"));
}

const OF_CALLER = /^aws:(principalorgid|principalorgpaths|principalaccount|principalarn)$/;

function deniedServicesOf(
  document: LintDocument,
  set: DocumentSet,
  statement: WrittenStatement,
): readonly Harm[] {
  const services = [...(statement.statement.principal?.set.services ?? [])];
  const sample = sampleOf(document, set, statement);
  if (sample === undefined) return [];
  return services.flatMap((name) => {
    const caller: Caller = { kind: "service", name };
    return deniesOf(document).flatMap((deny) => {
      const guard = deny.conditions.find(
        ({ condition: { lowerKey, operator } }) =>
          operator.negated && (NETWORK.test(lowerKey) || OF_CALLER.test(lowerKey)),
      );
      const isSpared = guard === undefined || !allows(document, set, statement, caller);
      const witness = isSpared
        ? undefined
        : witnessOf(
            {
              set,
              ...sample,
              name: `${name} is denied what the policy allows it`,
              caller,
              layers: guardsOf(document, set, caller, sample.action),
              context: { ...NO_NETWORK, "aws:SourceAccount": [set.account] },
              facts: ["aws:principal", "aws:securetransport"],
            },
            { decision: "explicit deny", by: deny.statement },
          );
      if (guard === undefined || witness === undefined) return [];
      const message = `expected ${name} to be spared, which ${statement.path} allows, got a Deny of it`;
      return [{ document, path: guard.path, message, witness }];
    });
  });
}

function allows(
  document: LintDocument,
  set: DocumentSet,
  statement: WrittenStatement,
  caller: Caller,
): boolean {
  const sample = sampleOf(document, set, statement);
  if (sample === undefined) return false;
  const only = { ...document, policy: { ...document.policy, statements: [statement.statement] } };
  const layers = { identity: [], resource: only };
  return (
    witnessOf({ set, ...sample, name: "", caller, layers }, { decision: "allow" }) !== undefined
  );
}

function cutOffOf(document: LintDocument, set: DocumentSet): readonly Harm[] {
  const endpoints = set.documents.filter(({ kind }) => kind === "endpoint");
  const isServed = endpoints.some((one) =>
    one.statements.some((each) => hasAction(each, "kms:Decrypt")),
  );
  if (document.kind !== "identity" || endpoints.length === 0 || isServed) return [];
  const action = "kms:Decrypt";
  const use = allowsOf(document).find(
    (statement) =>
      hasAction(statement, action) && isClientSide({ ...document, statements: [statement] }),
  );
  if (use === undefined) return [];
  return deniesOf(document).flatMap((deny) => {
    const guard = deny.conditions.find(
      ({ condition }) => condition.lowerKey === "aws:ec2instancesourcevpc",
    );
    if (guard === undefined || !hasAction(deny, action)) return [];
    const [caller = ownerOf(document, set)] = callersOf(document, set, use);
    const context = {
      ...NO_NETWORK,
      "aws:Ec2InstanceSourceVpc": ["vpc-1a2b3c4d"],
      "ec2:SourceInstanceARN": [
        `arn:${set.partition}:ec2:${set.region}:${set.account}:instance/i-0123456789abcdef0`,
      ],
    };
    const witness = refusalOf({
      set,
      name: "an instance cannot decrypt",
      caller,
      action,
      resource: keyFor(document, use, set),
      layers: layersOf(document, set, use, caller, action),
      context,
    });
    if (witness?.expect !== "explicit deny") return [];
    const message =
      "expected an endpoint for KMS among the endpoint policies, got none, so that every call is denied";
    return [{ document, path: guard.path, message, witness }];
  });
}
