/** What one output of the AWS CLI says, and how it is recognised. @module */
import * as v from "valibot";
import { PosternError } from "../core/errors.ts";
import type { BucketSettings, PolicyJson } from "../policy/deployment.ts";
import { below } from "../policy/issues.ts";
import type { AccountDetails } from "./exported-account.ts";

export type Output =
  /** Of a bucket or a key, which it does not say. */
  | { readonly kind: "resource policy"; readonly document: PolicyJson; readonly ofKey: boolean }
  | {
      readonly kind: "bucket settings";
      readonly settings: Partial<BucketSettings>;
      readonly region?: string;
    }
  | { readonly kind: "key"; readonly arn: string }
  | { readonly kind: "grants"; readonly grants: readonly unknown[] }
  | { readonly kind: "role"; readonly role: ExportedRole }
  | { readonly kind: "user"; readonly arn: string; readonly boundary: string | undefined }
  | {
      readonly kind: "inline policy";
      readonly of: "role" | "user" | "group";
      readonly owner: string;
      readonly name: string;
      readonly document: PolicyJson;
    }
  | { readonly kind: "inline names"; readonly names: readonly string[] }
  /** Of a user. */
  | { readonly kind: "groups"; readonly names: readonly string[] }
  | { readonly kind: "attached"; readonly arns: readonly string[] }
  /** Undefined for an empty list, which does not say whose it is. */
  | { readonly kind: "instance profiles"; readonly roles: readonly string[] }
  | { readonly kind: "managed policy"; readonly arn: string }
  | { readonly kind: "policy version"; readonly document: PolicyJson; readonly isDefault: boolean }
  | { readonly kind: "account"; readonly details: AccountDetails }
  | { readonly kind: "endpoints"; readonly endpoints: readonly ExportedEndpoint[] }
  /** AWS's own code for what is not there: "NoSuchBucketPolicy". */
  | { readonly kind: "absent"; readonly code: string };

export interface ExportedRole {
  readonly arn: string;
  readonly trust: PolicyJson;
  readonly maxSessionSeconds: number | undefined;
  readonly boundary: string | undefined;
}

export interface ExportedEndpoint {
  readonly id: string;
  /** "com.amazonaws.us-east-1.s3" */
  readonly serviceName: string;
  readonly type: string;
  readonly policy: PolicyJson;
}

/** A command's output, known by its members. */
export interface Known {
  /** That the output has. */
  readonly members: readonly string[];
  readonly read: (value: unknown, file: string) => Output;
}

export function known<Shape>(
  members: readonly string[],
  schema: v.GenericSchema<unknown, Shape>,
  outputOf: (shape: Shape) => Output,
): Known {
  return { members, read: (value, file) => outputOf(shaped(schema, value, file)) };
}

/** @throws {PosternError} BadData, with every fault and its place */
function shaped<Shape>(
  schema: v.GenericSchema<unknown, Shape>,
  value: unknown,
  file: string,
): Shape {
  const result = v.safeParse(schema, value);
  if (result.success) return result.output;
  const issues = result.issues.map(({ path = [], expected, received, message }) => {
    const place = path.reduce(
      (before, { key }) =>
        typeof key === "number" ? `${before}[${key}]` : below(before, String(key)),
      "",
    );
    return `${file}: ${place}: ${saidOf(expected, received, message)}`;
  });
  throw new PosternError("BadData", issues[0] ?? file, { issues });
}

/** valibot itself names a member that is not there as what was expected. */
function saidOf(expected: string | null, received: string, message: string): string {
  if (expected === null) return message;
  return received === "undefined"
    ? "expected this member, got nothing"
    : `expected ${expected}, got ${received}`;
}
