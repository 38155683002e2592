/**
 * The policy documents in a template of CloudFormation, as JSON.
 * @see https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-anatomy.html
 * @module
 */
import { isNode, parseDocument } from "yaml";
import { isRecord } from "../policy/issues.ts";
import type { DocumentKind } from "./kind.ts";
import type { Holder, Placed } from "./holder.ts";

export interface TemplateDocument extends Placed {
  /** The document alone, after as much white space as puts it on its own lines of the template. */
  readonly text: string;
  /** "Resources.Web.Properties.Policies.0.PolicyDocument" */
  readonly within: string;
}

type Json = Readonly<Record<string, unknown>>;
type Path = readonly (string | number)[];

/** Undefined for what is no template. */
export function documentsOfTemplate(text: string): readonly TemplateDocument[] | undefined {
  const template = templateIn(text);
  if (template === undefined) return undefined;
  const held = Object.entries(template.resources).flatMap(([id, resource]) =>
    heldBy(id, resource, template),
  );
  if (held.length === 0) return [];
  const tree = parseDocument(text, { uniqueKeys: false, logLevel: "silent" });
  return held.flatMap(({ path, ...placed }) => {
    const node = tree.getIn(path, true);
    const [from, to] = (isNode(node) ? node.range : undefined) ?? [0, 0];
    if (to === 0) return [];
    const before = text.slice(0, from).replaceAll(/[^\n]/g, " ");
    return [{ ...placed, within: path.join("."), text: before + text.slice(from, to) }];
  });
}

interface Template {
  readonly resources: Json;
  readonly parameters: Json;
  /** The managed policies that bound a role of the template. */
  readonly boundaries: ReadonlySet<string>;
}

function templateIn(text: string): Template | undefined {
  if (!text.includes('"Resources"')) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  const resources = memberOf(value, "Resources");
  const parameters = memberOf(value, "Parameters");
  if (!isRecord(resources)) return undefined;
  const all = Object.values(resources);
  if (!all.every((one) => typeof memberOf(one, "Type") === "string")) return undefined;
  const boundaries = all.flatMap(
    (one) => referenceIn(memberOf(memberOf(one, "Properties"), "PermissionsBoundary")) ?? [],
  );
  return {
    resources,
    parameters: isRecord(parameters) ? parameters : {},
    boundaries: new Set(boundaries),
  };
}

interface Held extends Placed {
  readonly path: Path;
}

/** Where resources have documents, and which member names what has them. */
interface Member {
  readonly member: string;
  readonly kind: DocumentKind;
  readonly holder?: readonly [of: Holder["of"], ...members: string[]];
}

const NOBODY: readonly [of: undefined, ...members: string[]] = [undefined];
const ROLE_NAME = ["role", "RoleName", "Roles"] as const;
const USER_NAME = ["user", "UserName", "Users"] as const;

/** @see https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_IAM.html */
const MEMBERS: Readonly<Record<string, readonly Member[]>> = {
  "AWS::IAM::Role": [
    { member: "AssumeRolePolicyDocument", kind: "trust", holder: ROLE_NAME },
    { member: "Policies", kind: "identity", holder: ROLE_NAME },
  ],
  "AWS::IAM::User": [{ member: "Policies", kind: "identity", holder: USER_NAME }],
  "AWS::IAM::Group": [{ member: "Policies", kind: "identity" }],
  "AWS::IAM::Policy": [{ member: "PolicyDocument", kind: "identity" }],
  "AWS::IAM::ManagedPolicy": [{ member: "PolicyDocument", kind: "identity", holder: ROLE_NAME }],
  "AWS::IAM::RolePolicy": [{ member: "PolicyDocument", kind: "identity", holder: ROLE_NAME }],
  "AWS::IAM::UserPolicy": [{ member: "PolicyDocument", kind: "identity", holder: USER_NAME }],
  "AWS::IAM::GroupPolicy": [{ member: "PolicyDocument", kind: "identity" }],
  "AWS::S3::BucketPolicy": [
    { member: "PolicyDocument", kind: "bucket", holder: ["bucket", "Bucket"] },
  ],
  "AWS::KMS::Key": [{ member: "KeyPolicy", kind: "key" }],
  "AWS::KMS::ReplicaKey": [{ member: "KeyPolicy", kind: "key" }],
  "AWS::EC2::VPCEndpoint": [{ member: "PolicyDocument", kind: "endpoint" }],
};

function heldBy(id: string, resource: unknown, template: Template): readonly Held[] {
  const { Type: type, Properties: given } = isRecord(resource) ? resource : {};
  const properties = isRecord(given) ? given : {};
  return (MEMBERS[String(type)] ?? []).flatMap(
    ({ member, kind, holder: [of, ...members] = NOBODY }) => {
      const value = properties[member];
      const [name] = members.flatMap((one) => namesIn(properties[one], template));
      const placed = {
        kind: template.boundaries.has(id) ? "boundary" : kind,
        holder: of === undefined || name === undefined ? undefined : { of, name },
      } as const;
      const path = ["Resources", id, "Properties", member];
      if (!Array.isArray(value)) return isRecord(value) ? [{ ...placed, path }] : [];
      return value.map((_, at) => ({ ...placed, path: [...path, at, "PolicyDocument"] }));
    },
  );
}

/** Of strings, and of references to parameters with a default or to resources with a name. */
function namesIn(value: unknown, { parameters, resources }: Template): readonly string[] {
  const members: readonly unknown[] = Array.isArray(value) ? value : [value];
  return members.flatMap((one) => {
    if (typeof one === "string") return [one];
    const target = referenceIn(one);
    if (target === undefined) return [];
    const parameter = memberOf(parameters[target], "Default");
    const properties = memberOf(resources[target], "Properties");
    return [parameter, memberOf(properties, "RoleName"), memberOf(properties, "UserName")].filter(
      (name) => typeof name === "string",
    );
  });
}

function referenceIn(value: unknown): string | undefined {
  const target = memberOf(value, "Ref");
  return typeof target === "string" ? target : undefined;
}

function memberOf(value: unknown, member: string): unknown {
  return isRecord(value) ? value[member] : undefined;
}
