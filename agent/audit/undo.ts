/**
 * Whether those who deploy, and those who get in when all else is locked out, can take documents back again: each of them
 * may read, change and remove the policy of each bucket, and read and change that of each key.
 *
 * Root users are not counted on, though S3 never keeps them from a bucket's policy.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteBucketPolicy.html
 * @see https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-modifying.html
 * @module
 */
import { PosternError } from "../core/errors.ts";
import { quote } from "../core/names.ts";
import type { AccessMap, Principal, Target } from "../map/access-map.ts";
import { targetsIn } from "../map/buckets.ts";
import { bindingsOf } from "../policy/bindings.ts";
import type { Deployment } from "../policy/deployment.ts";
import { evaluate } from "../policy/evaluate.ts";
import type { AccessRequest } from "../policy/request.ts";
import type { Verdict } from "../policy/verdict.ts";
import { step } from "./asks.ts";
import { everydayKeys } from "./everyday.ts";

const BUCKET_RIGHTS = ["s3:GetBucketPolicy", "s3:PutBucketPolicy", "s3:DeleteBucketPolicy"];
const KEY_RIGHTS = ["kms:GetKeyPolicy", "kms:PutKeyPolicy"];

/** @throws {PosternError} ConfigInvalid with who could not do what, and why */
export function judgeUndo(map: AccessMap, deployment: Deployment): void {
  const bindings = bindingsOf(deployment);
  const names = new Set([...map.deployers, ...map.breakGlass]);
  const issues = map.principals
    .filter(({ name }) => names.has(name))
    .flatMap((principal) =>
      undoing(map, principal).flatMap((request) => {
        const verdict = evaluate(request, bindings(request));
        return verdict.decision === "allow" ? [] : [told(principal, request, verdict)];
      }),
    );
  const [first] = issues;
  if (first === undefined) return;
  const more = issues.length === 1 ? "" : `, and ${issues.length - 1} more`;
  throw new PosternError("ConfigInvalid", `these documents could not be undone: ${first}${more}`, {
    issues: issues.map((issue) => `could not be undone: ${issue}`),
    hint: "deployers and break_glass must each be able to put the policies of buckets and keys back: nothing was written",
  });
}

function undoing(map: AccessMap, principal: Principal): readonly AccessRequest[] {
  return targetsIn(map).flatMap((target) => {
    const ask = (action: string, resource: string): AccessRequest => {
      const service = action.startsWith("s3:") ? "s3" : "kms";
      const keys = everydayKeys(map, target, principal, service);
      return step({ map, principal }, action, resource, keys).request;
    };
    const bucket = `arn:${map.partition}:s3:::${target.bucket}`;
    return [
      ...BUCKET_RIGHTS.map((action) => ask(action, bucket)),
      ...keysOf(target).flatMap((key) => KEY_RIGHTS.map((action) => ask(action, key))),
    ];
  });
}

function keysOf({ keys, defaultEncryption }: Target): readonly string[] {
  const further = defaultEncryption.type === "s3" ? [] : [defaultEncryption.key];
  return [...new Set([...keys.values(), ...further])];
}

function told({ name }: Principal, { action, resource }: AccessRequest, verdict: Verdict): string {
  const [place] = verdict.statements;
  const sid = place?.sid === undefined ? "" : ` (statement ${place.sid})`;
  return `${quote(name)} may not ${action} on ${resource?.text ?? ""}: ${verdict.why}${sid}`;
}
