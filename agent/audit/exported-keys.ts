/** Keys of an export. @module */
import { PosternError } from "../core/errors.ts";
import type { KeyDocuments, PolicyJson } from "../policy/deployment.ts";
import { isRecord } from "../policy/issues.ts";
import {
  type Aspect,
  absentIn,
  isOfBucket,
  lastPart,
  outputsOf,
  type Placed,
  type Told,
} from "./exported-place.ts";

/** Those whose policy is told: without it nothing is known of a key. */
export function exportedKeys(placed: readonly Placed[]): Told<KeyDocuments> {
  const policies = new Map<string, PolicyJson>();
  const grants = new Map<string, readonly unknown[]>();
  const known = outputsOf(placed, "key");
  const keyOf = ({ file, folder }: Omit<Placed, "output">): string => {
    const [only, ...more] = known.filter((one) => one.folder === folder);
    if (only !== undefined && more.length === 0) return only.output.arn;
    throw new PosternError("BadData", `${file}: expected to be told of which key it is`, {
      hint: "save describe-key of this key, and of no other, into the same folder",
    });
  };
  for (const one of outputsOf(placed, "resource policy"))
    if (!isOfBucket(one)) policies.set(keyOf(one), one.output.document);
  for (const { output, ...place } of outputsOf(placed, "grants"))
    grants.set(keyNamedBy(output.grants) ?? keyOf(place), output.grants);
  const absent = absentIn(placed, /^NotFoundException$/);
  const knows = (arn: string, aspect: Aspect): boolean => {
    if (aspect !== "policy" && aspect !== "grants") return false;
    const isAbsent = [...absent].some((id) => lastPart(arn) === id);
    return isAbsent || (aspect === "policy" ? policies : grants).has(arn);
  };
  return {
    things: [...policies].map(([arn, policy]) => ({ arn, policy, grants: grants.get(arn) ?? [] })),
    knows,
  };
}

/** Each grant says which key it is of; an empty list does not. */
function keyNamedBy([first]: readonly unknown[]): string | undefined {
  const id = isRecord(first) ? first["KeyId"] : undefined;
  return typeof id === "string" && id.startsWith("arn:") ? id : undefined;
}
