/** Who may read what in the demo, as a security team writes it, and the documents that come of it. @module */
import { generateDeployment } from "../generate/deployment.ts";
import { parseMap } from "../map/parse.ts";
import type { Deployment } from "../policy/deployment.ts";
import type { Network } from "../sandbox/request-context.ts";

/** ARN of the key that seals. */
export const KEY = "arn:aws:kms:us-east-1:111122223333:key/0d0e4e0a-0001-4000-8000-000000000001";
const BUCKET = "acme-secrets";
/** Where the group tls lies. */
export const BUNDLE = "tls.bundle";
/** The user who seals. */
export const PUBLISHER = "ci";
/** Where the hosts' requests come from. */
export const NETWORK: Network = {
  vpce: "vpce-0123456789abcdef0",
  kmsVpce: "vpce-0fedcba9876543210",
};

const GROUPS = `groups:
  web: { prefix: web/, readers: [web-server], publishers: { ci: edit } }
  tls:
    bundle: ${BUNDLE}
    seal: { mode: envelope, key: secrets }
    readers: [web-server]
    publishers: { ci: edit }
  db:
    prefix: db/
    seal: { mode: kms, key: secrets }
    readers: [database]
    publishers: { ci: edit }
`;

/** The part that is shown. */
export const SHOWN_MAP: string = GROUPS.trimEnd();

const MAP = `version: 1
account: "111122223333"
region: us-east-1
bucket: ${BUCKET}
default_encryption: { type: s3 }
keys: { secrets: "${KEY}" }
endpoints:
  ${NETWORK.vpce}: { service: s3 }
  ${NETWORK.kmsVpce}: { service: kms }
principals:
  web-server: { kind: ec2, network: &vpc { vpce: [${NETWORK.vpce}, ${NETWORK.kmsVpce}] } }
  database: { kind: ec2, network: *vpc }
  ci: { kind: user, user: ${PUBLISHER}, network: any }
  infra: { kind: existing, role: infra }
  emergency: { kind: human, trusted: ["arn:aws:iam::111122223333:user/alice"] }
${GROUPS}deployers: [infra]
break_glass: [emergency]
`;

export function demoDeployment(): Deployment {
  return generateDeployment(parseMap(MAP, "acme.yaml"));
}
