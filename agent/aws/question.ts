/** What may be asked of AWS about documents and settings: each only reads. @module */
import type { Region } from "../core/names.ts";

/** In AWS's own names: "s3", "GetBucketPolicy", { Bucket: "acme-secrets" }. */
export interface Question {
  readonly service: "s3" | "kms" | "iam" | "ec2";
  readonly operation: string;
  readonly region: Region;
  readonly input: Input;
  readonly needs: Permission;
}

export type Input = Readonly<Record<string, string>>;

/** As a policy would grant it. */
export interface Permission {
  /** "s3:GetBucketPolicy" */
  readonly action: string;
  /** An ARN, or "*" for an action that knows no resources. */
  readonly resource: string;
}

export type Answer =
  /** All pages of it, with the members that the AWS CLI prints. */
  | { readonly kind: "told"; readonly value: object }
  /** One of `ABSENCES`. */
  | { readonly kind: "absent"; readonly code: string }
  | { readonly kind: "denied" };

/** @throws {PosternError} for whatever else came of it: no credentials, no answer */
export type Ask = (question: Question) => Promise<Answer>;
