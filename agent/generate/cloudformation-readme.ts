/**
 * What a person must know who deploys the templates: how, and what is left, for CloudFormation changes only what it made.
 * It cannot put a policy on a key, an endpoint or a permission set that exists, nor change the settings of such a bucket: it
 * would have to own them. A key of its own would have another ARN than the one in the documents.
 * @see https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-kms-key.html
 * @see https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ec2-vpcendpoint.html
 * @module
 */
import type { Deployment, IdentityDocuments } from "../policy/deployment.ts";
import {
  bucketCommands,
  endpointCommand,
  keyCommand,
  permissionSetCommands,
} from "./aws-commands.ts";
import { policyFiles } from "./document-files.ts";
import { endpointPath, folderOf, type DocumentFile, keyPath } from "./files.ts";
import { type Holders, nameOf, providersOf } from "./holders.ts";

/** Of a template that is sent with the request; a longer one lies in S3. */
const MAX_SENT_BYTES = 51_200;

interface Written {
  readonly path: string;
  readonly region: string | undefined;
  readonly text: string;
}

export function cloudformationReadme(
  deployment: Deployment,
  holders: Holders,
  templates: readonly Written[],
): string {
  return [
    `# Secrets of account ${deployment.account}: roles and policies`,
    "",
    "Generated from an access map: change the map, not these files. The templates hold the policies as they were generated;",
    "nothing in them is filled in, and each parameter accepts what the documents name and nothing else.",
    "",
    "## What the stacks apply",
    "",
    `Roles, instance profiles, policies of roles and users, and bucket policies. With credentials of account ${deployment.account}, in this order:`,
    "",
    ...fenced(templates.map(deployCommand)),
    ...templates.flatMap(uploadNote),
    "CloudFormation does not replace a bucket policy that it did not make (`The bucket policy already exists`). Where the",
    "bucket has one, import `AWS::S3::BucketPolicy` into the stack first, with a change set of type `IMPORT`: to delete the old",
    "one would leave the bucket without. A bucket policy outlives its stack.",
    "",
    "## What they do not apply",
    "",
    ...left(deployment, holders),
  ].join("\n");
}

function deployCommand({ path, region, text }: Written): string {
  const words = [
    "aws cloudformation deploy",
    `--template-file ${path}`,
    "--stack-name secrets-access",
    ...(region === undefined ? [] : [`--region ${region}`]),
    ...(text.includes('"AWS::IAM::') ? ["--capabilities CAPABILITY_NAMED_IAM"] : []),
    ...(isLong(text) ? ["--s3-bucket TEMPLATES"] : []),
  ];
  return words.join(" ");
}

function isLong(text: string): boolean {
  return Buffer.byteLength(text) > MAX_SENT_BYTES;
}

function uploadNote({ path, text }: Written): readonly string[] {
  if (!isLong(text)) return [];
  return [
    `\`${path}\` has ${Buffer.byteLength(text)} bytes, more than the ${MAX_SENT_BYTES} that can be sent: TEMPLATES is a bucket to upload it to, not that of`,
    "the secrets.",
    "",
  ];
}

function left(deployment: Deployment, holders: Holders): readonly string[] {
  const { account, buckets, keys, endpoints } = deployment;
  const sets = holders.found.filter(({ kind }) => kind === "permission set");
  const sections = [
    section(
      "Policies of keys, after the stacks, whose roles they name. They replace what is there.",
      keys.map(keyCommand),
    ),
    section("Policies of endpoints. They replace what is there.", endpoints.map(endpointCommand)),
    section(
      "Settings of buckets.",
      buckets.flatMap((bucket) => bucketCommands(bucket, account)),
    ),
    section(
      "Permission sets, with credentials of the account that manages IAM Identity Center; fill in the ARNs.",
      sets.flatMap((set) => permissionSetCommands(set, account)),
    ),
    list(
      "Roles of other accounts, which attach these themselves:",
      foreignLines(deployment, holders),
    ),
    list("Neither stacks nor commands:", unknownLines(deployment, holders)),
  ].flat();
  return sections.length === 0 ? ["Nothing.", ""] : sections;
}

function section(title: string, commands: readonly string[]): readonly string[] {
  return commands.length === 0 ? [] : [title, "", ...fenced(commands)];
}

function list(title: string, lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : [title, "", ...lines.map((line) => `- ${line}`), ""];
}

function fenced(commands: readonly string[]): readonly string[] {
  return ["```sh", ...commands, "```", ""];
}

function foreignLines({ account }: Deployment, { foreign }: Holders): readonly string[] {
  return foreign.map((role) => `${role.arn}: \`documents/${folderOf(role, account)}\``);
}

function unknownLines({ keys }: Deployment, holders: Holders): readonly string[] {
  const { found } = holders;
  const granted = keys.filter(({ grants }) => grants.length > 0);
  const bounded = found.filter(({ boundary }) => boundary !== undefined);
  return [
    ...granted.map(({ arn, grants }) => `grants of ${arn}: ${grants.length}`),
    ...bounded.map(({ arn }) => `the permissions boundary of ${arn}`),
    ...providersOf(holders).map((arn) => `${arn}, which roles trust`),
  ];
}

/**
 * What AWS takes of an endpoint's policy as it is sent, white space counted; of a key's it takes more.
 * @see https://docs.aws.amazon.com/vpc/latest/privatelink/vpc-endpoints-access.html
 */
const MAX_SENT_CHARACTERS = 20_480;

/** The documents that no template holds, in one line where they would be too long in many. */
export function besideStack(
  deployment: Deployment,
  { found, foreign }: Holders,
): readonly DocumentFile[] {
  const { account, keys, endpoints } = deployment;
  const exact = new Set([
    ...keys.map(({ arn }) => keyPath(arn)),
    ...endpoints.map(({ id }) => endpointPath(id)),
  ]);
  const isSet = ({ kind }: IdentityDocuments): boolean => kind === "permission set";
  const folders = [
    ...foreign.map((role) => `${folderOf(role, account)}/`),
    ...found.filter(isSet).map((set) => `permission-sets/${nameOf(set)}/inline/`),
  ];
  return policyFiles(deployment)
    .filter(({ path }) => exact.has(path) || folders.some((folder) => path.startsWith(folder)))
    .map(({ path, text }) => ({
      path: `documents/${path}`,
      text: text.length > MAX_SENT_CHARACTERS ? `${JSON.stringify(JSON.parse(text))}\n` : text,
    }));
}
