/** AWS that answers about a deployment, as the SDK's clients do. @module */
import type { Answer, Ask, Question } from "../../agent/aws/question.ts";
import type { Deployment, IdentityDocuments } from "../../agent/policy/deployment.ts";

export interface Asked {
  readonly ask: Ask;
  readonly questions: Question[];
}

/** @param isDenied questions that may not be asked */
export function answering(
  deployment: Deployment,
  isDenied: (question: Question) => boolean = () => false,
): Asked {
  const questions: Question[] = [];
  return {
    questions,
    ask: (question) => {
      questions.push(question);
      return Promise.resolve(
        isDenied(question) ? { kind: "denied" } : answerOf(question, deployment),
      );
    },
  };
}

const absent = (code: string): Answer => ({ kind: "absent", code });
const told = (value: object): Answer => ({ kind: "told", value });

function answerOf(question: Question, deployment: Deployment): Answer {
  const { service, operation, input, region } = question;
  switch (service) {
    case "s3": {
      const bucket = deployment.buckets.find(({ name }) => name === input["Bucket"]);
      if (bucket === undefined || bucket.region !== region) return absent("NoSuchBucket");
      return answerOfBucket(operation, bucket);
    }
    case "kms": {
      const key = deployment.keys.find(({ arn }) => arn === input["KeyId"]);
      if (key === undefined) return absent("NotFoundException");
      return operation === "ListGrants"
        ? told({ Grants: key.grants })
        : told({ Policy: JSON.stringify(key.policy), PolicyName: input["PolicyName"] });
    }
    case "ec2": {
      const endpoint = deployment.endpoints.find(({ id }) => id === input["VpcEndpointIds"]);
      if (endpoint === undefined) return absent("InvalidVpcEndpointId.NotFound");
      const of = {
        VpcEndpointId: endpoint.id,
        VpcEndpointType: endpoint.type === "gateway" ? "Gateway" : "Interface",
        ServiceName: `com.amazonaws.${endpoint.region}.${endpoint.service}`,
        PolicyDocument: JSON.stringify(endpoint.policy),
      };
      return told({ VpcEndpoints: [of] });
    }
    case "iam":
      return answerOfIam(operation, input, deployment);
    default:
      return service satisfies never;
  }
}

function answerOfBucket(operation: string, bucket: Deployment["buckets"][number]): Answer {
  const { policy, settings } = bucket;
  const { publicAccessBlocked: blocked, ownership, versioning, encryption } = settings;
  switch (operation) {
    case "GetBucketPolicy":
      return policy === undefined
        ? absent("NoSuchBucketPolicy")
        : told({ Policy: JSON.stringify(policy) });
    case "GetPublicAccessBlock":
      return told({
        PublicAccessBlockConfiguration: {
          BlockPublicAcls: blocked,
          IgnorePublicAcls: blocked,
          BlockPublicPolicy: blocked,
          RestrictPublicBuckets: blocked,
        },
      });
    case "GetBucketOwnershipControls":
      return told({ OwnershipControls: { Rules: [{ ObjectOwnership: ownership }] } });
    case "GetBucketVersioning":
      return told(versioning === undefined ? {} : { Status: versioning });
    case "GetBucketEncryption": {
      const rule = {
        ApplyServerSideEncryptionByDefault: {
          SSEAlgorithm: encryption?.algorithm,
          KMSMasterKeyID: encryption?.key,
        },
        BucketKeyEnabled: encryption?.bucketKey,
      };
      return encryption === undefined
        ? absent("ServerSideEncryptionConfigurationNotFoundError")
        : told({ ServerSideEncryptionConfiguration: { Rules: [rule] } });
    }
    default:
      throw new Error(operation);
  }
}

/** Of a permission set the role that this account has. */
const arnOf = ({ arn }: IdentityDocuments): string => arn.replaceAll("?", "0");
const nameOf = (arn: string): string => arn.split("/").at(-1) ?? "";

function answerOfIam(operation: string, input: Question["input"], deployment: Deployment): Answer {
  const own = deployment.identities.filter(({ arn }) => arn.split(":")[4] === deployment.account);
  const managedArn = (name: string): string =>
    `arn:aws:iam::${deployment.account}:policy/postern/${name}`;
  const one = own.find(
    ({ kind, ...identity }) =>
      nameOf(arnOf({ kind, ...identity })) ===
      (kind === "user" ? input["UserName"] : input["RoleName"]),
  );
  switch (operation) {
    case "ListRoles":
      return told({
        Roles: own
          .map((each) => arnOf(each))
          .filter((arn) => arn.includes(`:role${input["PathPrefix"]}`))
          .map((arn) => ({ Arn: arn, RoleName: nameOf(arn) })),
      });
    case "GetPolicy": {
      const PolicyArn = input["PolicyArn"];
      return told({ Policy: { Arn: PolicyArn, DefaultVersionId: "v2" } });
    }
    case "GetPolicyVersion": {
      const found = own
        .flatMap(({ policies }) => policies)
        .find(({ name, form }) => form === "managed" && managedArn(name) === input["PolicyArn"]);
      const Document = JSON.stringify(found?.document ?? FOREIGN);
      return told({
        PolicyVersion: { Document: encodeURIComponent(Document), IsDefaultVersion: true },
      });
    }
    default:
      return one === undefined
        ? absent("NoSuchEntity")
        : answerOfIdentity(operation, input, one, managedArn);
  }
}

const FOREIGN = {
  Version: "2012-10-17",
  Statement: { Effect: "Allow", Action: "ssm:*", Resource: "*" },
};
const SOME_TRUST = {
  Version: "2012-10-17",
  Statement: {
    Effect: "Allow",
    Principal: { Service: "ec2.amazonaws.com" },
    Action: "sts:AssumeRole",
  },
};

function answerOfIdentity(
  operation: string,
  input: Question["input"],
  one: IdentityDocuments,
  managedArn: (name: string) => string,
): Answer {
  const Arn = arnOf(one);
  const inline = one.policies.filter(({ form }) => form === "inline");
  switch (operation) {
    case "GetRole": {
      const AssumeRolePolicyDocument = encodeURIComponent(JSON.stringify(one.trust ?? SOME_TRUST));
      return told({
        Role: { Arn, AssumeRolePolicyDocument, MaxSessionDuration: one.maxSessionSeconds },
      });
    }
    case "GetUser":
      return told({ User: { Arn } });
    case "ListInstanceProfilesForRole":
      return told({ InstanceProfiles: one.hasInstanceProfile ? [{ Roles: [{ Arn }] }] : [] });
    case "ListGroupsForUser":
      return told({ Groups: [] });
    case "ListRolePolicies":
    case "ListUserPolicies":
      return told({ PolicyNames: inline.map(({ name }) => name) });
    case "GetRolePolicy":
    case "GetUserPolicy": {
      const found = inline.find(({ name }) => name === input["PolicyName"]);
      return told({ ...input, PolicyDocument: JSON.stringify(found?.document) });
    }
    case "ListAttachedRolePolicies":
    case "ListAttachedUserPolicies": {
      const managed = one.policies.filter(({ form }) => form === "managed");
      const arns = [...managed.map(({ name }) => managedArn(name)), ...one.foreignPolicies];
      return told({ AttachedPolicies: arns.map((PolicyArn) => ({ PolicyArn })) });
    }
    default:
      throw new Error(operation);
  }
}
