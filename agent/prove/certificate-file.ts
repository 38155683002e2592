/** A certificate as it is read from a file. @see docs/schemas/certificate-v1.json @module */
import * as v from "valibot";
import { PosternError } from "../core/errors.ts";
import { parseJson } from "../policy/json.ts";
import type { Certificate } from "./certificate.ts";
import { LAYERS } from "./obligation.ts";

const text = v.string();
const texts = v.array(text);
const amount = v.pipe(v.number(), v.integer(), v.minValue(0));

const caller = v.variant("kind", [
  v.strictObject({
    kind: v.picklist(["root", "user", "federated user"]),
    arn: text,
    account: text,
  }),
  v.strictObject({
    kind: v.literal("role"),
    arn: text,
    session: v.optional(text),
    account: text,
  }),
  v.strictObject({ kind: v.literal("federated"), provider: text }),
  v.strictObject({ kind: v.literal("service"), name: text }),
  v.strictObject({ kind: v.literal("anonymous") }),
]);

const step = v.strictObject({
  caller,
  action: text,
  resource: text,
  account: text,
  context: v.record(text, texts),
  endpoint: v.optional(text),
});

const certificate = v.strictObject({
  version: v.literal(1),
  postern: text,
  map: v.strictObject({ file: text, sha256: text }),
  documents: v.array(v.strictObject({ document: text, sha256: text })),
  holds: v.boolean(),
  method: text,
  limits: v.strictObject({ assignments: amount, decisions: amount }),
  layers: v.array(v.strictObject({ layer: text, proved: amount, fails: amount, sampled: amount })),
  proved: v.record(text, v.record(text, texts)),
  notProved: v.array(v.strictObject({ id: text, why: text })),
  hostile: v.array(
    v.strictObject({ kind: text, actor: text, assumes: text, reads: texts, grantsItself: texts }),
  ),
  assumptions: texts,
  gaps: texts,
  requests: v.array(
    v.strictObject({
      id: text,
      layer: v.picklist(LAYERS),
      own: v.picklist(["documents", "everything", "both"]),
      expected: v.picklist(["allow", "deny"]),
      steps: v.array(step),
    }),
  ),
});

/**
 * @param file names it in errors
 * @throws {PosternError} BadData, with every fault and its place
 */
export function parseCertificate(json: string, file: string): Certificate {
  const result = v.safeParse(certificate, parseJson(json, file));
  if (!result.success) {
    const issues = result.issues.map(
      (issue) => `${file}: ${v.getDotPath(issue) ?? ""}: ${lowered(issue.message)}`,
    );
    throw new PosternError("BadData", issues[0] ?? file, { issues });
  }
  const { requests, ...rest } = result.output;
  return {
    ...rest,
    requests: requests.map((one) => ({
      ...one,
      steps: one.steps.map((each) => ({
        ...each,
        caller:
          each.caller.kind === "role"
            ? { ...each.caller, session: each.caller.session }
            : each.caller,
        endpoint: each.endpoint,
      })),
    })),
  };
}

function lowered(message: string): string {
  return message.charAt(0).toLowerCase() + message.slice(1);
}
