/**
 * A deployment as templates of CloudFormation: one with roles, policies and the buckets of home's region, and one for each
 * further region, since a stack changes the buckets of its own region alone. Documents are plain objects in them:
 * `${…}` is text to CloudFormation outside of Fn::Sub.
 *
 *     template.json        template-REGION.json
 *     README.md            how, and what no stack can do, with the commands that do it
 *     documents/…          what those commands need, as `policyFiles` names it
 *
 * JSON, not YAML: of YAML's many ways to write a string each has its own traps, and reviewers compare with the documents.
 * @see https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-formats.html
 * @module
 */
import { PosternError } from "../core/errors.ts";
import { quote } from "../core/names.ts";
import type { BucketDocuments, Deployment } from "../policy/deployment.ts";
import { besideStack, cloudformationReadme } from "./cloudformation-readme.ts";
import { holderResources, roleId } from "./cloudformation-identities.ts";
import type { Resource, Resources, Template } from "./cloudformation-template.ts";
import { bucketParameter, parametersOf } from "./cloudformation-parameters.ts";
import type { DocumentFile } from "./files.ts";
import { type Holders, holdersOf, judgePolicyNames, namedIn } from "./holders.ts";
import { logicalId } from "./logical-ids.ts";

/** Of a template in S3. @see https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html */
const MAX_BYTES = 1_048_576;
const MAX_RESOURCES = 500;

/**
 * In the order of their paths.
 * @throws {PosternError} TooLarge for more than a stack can hold, BadData for a document that CloudFormation would change
 */
export function cloudformationTemplates(deployment: Deployment): readonly DocumentFile[] {
  const holders = holdersOf(deployment);
  judgePolicyNames(holders);
  for (const one of [...deployment.buckets, ...holders.made, ...holders.found])
    judgePlain(one, "name" in one ? one.name : one.arn);
  const [home] = deployment.buckets;
  const regions = [...new Set(deployment.buckets.map(({ region }) => region))];
  const templates = (regions.length === 0 ? [undefined] : regions)
    .map((region) => {
      const isHome = region === home?.region;
      const path = isHome ? "template.json" : `template-${region}.json`;
      const template = templateOf(deployment, holders, { region, isHome });
      return { path, region, template, text: `${JSON.stringify(template, null, 2)}\n` };
    })
    .filter(({ template }) => Object.keys(template.Resources).length > 0);
  for (const { path, template, text } of templates) judgeSize(path, template, text);
  return [
    { path: "README.md", text: cloudformationReadme(deployment, holders, templates) },
    ...besideStack(deployment, holders),
    ...templates.map(({ path, text }) => ({ path, text })),
  ];
}

function templateOf(
  { account, buckets }: Deployment,
  holders: Holders,
  { region, isHome }: { readonly region: string | undefined; readonly isHome: boolean },
): Template {
  const here = buckets.filter((one) => one.region === region && one.policy !== undefined);
  const resources = {
    ...(isHome ? holderResources(holders) : {}),
    ...Object.fromEntries(here.map((bucket) => bucketPolicy(bucket, holders, isHome))),
  };
  const { made, found } = isHome ? holders : { made: [], found: [] };
  const bounded = made.some(({ boundary }) => boundary === undefined);
  return {
    AWSTemplateFormatVersion: "2010-09-09",
    Description: `Access to the secrets of account ${account}: ${isHome ? "roles, policies and bucket policy" : "bucket policy of a replica"}.`,
    Parameters: parametersOf(here, found, bounded),
    ...(bounded && { Conditions: { HasBoundary: HAS_BOUNDARY } }),
    Resources: resources,
  };
}

const HAS_BOUNDARY = { "Fn::Not": [{ "Fn::Equals": [{ Ref: "PermissionsBoundary" }, ""] }] };

/** Without its policy a bucket would be open to whoever the account's policies let: it outlives the stack. */
function bucketPolicy(
  { name, policy }: BucketDocuments,
  { made }: Holders,
  isHome: boolean,
): readonly [string, Resource] {
  const roles = isHome ? namedIn(policy, made).map(roleId) : [];
  return [
    logicalId("BucketPolicy", name),
    {
      Type: "AWS::S3::BucketPolicy",
      ...(roles.length > 0 && { DependsOn: roles }),
      DeletionPolicy: "Retain",
      UpdateReplacePolicy: "Retain",
      Properties: { Bucket: { Ref: bucketParameter(name) }, PolicyDocument: policy },
    },
  ];
}

/**
 * CloudFormation takes objects of one member called Ref or Fn::… for its own, and "{{resolve:…}}" in any string.
 * @see https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/dynamic-references.html
 * @throws {PosternError} BadData
 */
function judgePlain(value: unknown, where: string): void {
  if (typeof value === "string" && value.includes("{{resolve:")) refuse(where, value);
  if (typeof value !== "object" || value === null) return;
  for (const [name, member] of Object.entries(value)) {
    if (!Array.isArray(value) && /^(?:Ref|Fn::.*)$/.test(name)) refuse(where, name);
    judgePlain(member, where);
  }
}

function refuse(where: string, text: string): never {
  throw new PosternError(
    "BadData",
    `documents of ${quote(where)}: expected plain JSON, got ${quote(text)}, which CloudFormation would fill in`,
    { hint: "use --format json or terraform" },
  );
}

function judgeSize(path: string, { Resources: resources }: Template, text: string): void {
  const bytes = Buffer.byteLength(text);
  const count = Object.keys(resources satisfies Resources).length;
  if (bytes <= MAX_BYTES && count <= MAX_RESOURCES) return;
  throw new PosternError(
    "TooLarge",
    `${quote(path)}: expected at most ${MAX_BYTES} bytes and ${MAX_RESOURCES} resources, got ${bytes} bytes and ${count} resources`,
    { hint: "use --format terraform, or divide the map" },
  );
}
