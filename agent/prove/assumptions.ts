/** What a proof takes for granted, in sentences for its reader. @module */
import type { AccessMap } from "../map/access-map.ts";

export function assumptionsOf(map: AccessMap): readonly string[] {
  const { guards, accepted, breakGlass, deployers, auditors } = map;
  return [
    "the documents are those that are deployed, and AWS decides by them as docs/policy.md says",
    "policies of an organisation only narrow what is proved here; none is known, and none is counted on",
    "Block Public Access, ownership and versioning are as the settings say; ACLs are off and access points do not exist",
    "policies of a principal that others keep may allow anything: what must be denied is denied by each layer against *:*",
    "who may change roles and policies in IAM can become any role of the account, whatever is written here",
    "what a service of AWS does for a principal (aws:ViaAWSService) does not come from the principal's network",
    "a principal's network is asked of its requests to S3; those to KMS open nothing without the object",
    `deployers (${deployers.join(", ")}) and who comes when all is locked (${breakGlass.join(", ")}) can change what was proved`,
    `${breakGlass.join(", ")} can read everything, and nothing more is asked of what they do with objects`,
    ...(auditors.length === 0
      ? []
      : [
          `auditors (${auditors.join(", ")}) see every policy of buckets and keys, and whom it names`,
        ]),
    ...(guards.stolenCredentials === "off"
      ? ["credentials of an instance may be used elsewhere: guards.stolen_credentials is off"]
      : []),
    ...(guards.org === undefined
      ? ["callers may be of any organisation: guards.org is not set"]
      : []),
    ...(guards.imdsV2 ? [] : ["credentials may come over IMDSv1: guards.imds_v2 is off"]),
    ...(guards.presigned === "deny" ? [] : ["presigned URLs work: guards.presigned is allow"]),
    ...accepted.map((one) => `the map accepts ${one}`),
  ];
}
