import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { assumeJson, encodeAssume } from "../../agent/audit/assume-words.ts";
import { parseDenial } from "../../agent/audit/denial-text.ts";
import {
  type ExplainedAssume,
  explainAssume,
  isAssuming,
} from "../../agent/audit/explain-assume.ts";
import { PosternError } from "../../agent/core/errors.ts";
import { generateDeployment } from "../../agent/generate/deployment.ts";
import { parseMap } from "../../agent/map/parse.ts";
import { bindingsOf } from "../../agent/policy/bindings.ts";
import { ACME, replaced } from "../support/access-maps.ts";

const ADMIN = "arn:aws:iam::111122223333:role/team/admin";
const map = parseMap(
  replaced('user/people/alice"]', `user/people/alice", "${ADMIN}"]`)(ACME),
  "access.yaml",
);
const bindings = bindingsOf(generateDeployment(map));

const explained = (who: string, role: string, why = ""): ExplainedAssume => {
  const denial = parseDenial(
    `An error occurred (AccessDenied) when calling the AssumeRole operation: User: ${who} is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::111122223333:role/${role} ${why}`,
  );
  assert.ok(isAssuming(denial));
  return explainAssume(map, bindings, denial);
};

const ALICE = "arn:aws:iam::111122223333:user/people/alice";
const EVE = "arn:aws:iam::111122223333:user/eve";
const SESSION = "arn:aws:sts::111122223333:assumed-role/admin/s";

describe("a role that AWS let somebody not assume", () => {
  const rows: readonly (readonly [
    why: string,
    who: string,
    role: string,
    trusted: boolean,
    words: RegExp,
  ])[] = [
    [
      "tells whom it lets in and under what",
      EVE,
      "postern/emergency",
      false,
      /^- lets in arn:aws:iam::111122223333:.*people\/alice.*, if aws:MultiFactorAuthPresent is true, and aws:MultiFactorAuthAge is below 3600$/m,
    ],
    [
      "tells where others are added",
      EVE,
      "postern/emergency",
      false,
      /^To allow it: add "arn:aws:iam::111122223333:user\/eve" to trusted of emergency \(access\.yaml:\d+\)\.$/m,
    ],
    [
      "tells who is trusted to bring a second factor",
      ALICE,
      "postern/emergency",
      true,
      /^With a second factor: aws sts assume-role --serial-number/m,
    ],
    [
      "knows a session of a role below a path",
      SESSION,
      "postern/emergency",
      true,
      /^It lets in .*admin under these conditions, so one of them did not hold, or another policy/m,
    ],
    ["is for instances alone", EVE, "postern/web", false, /^Nothing need change: nobody but EC2/m],
    ["is for a service alone", EVE, "postern/tasks", false, /nobody but ecs-tasks\.amazonaws\.com/],
    ["is for tokens alone", EVE, "postern/ci", false, /with a token of token\.actions/],
    [
      "is somebody else's",
      EVE,
      "infra",
      false,
      /^The trust policy of infra is not among these documents\.\n\nThe map makes no trust policy for it/m,
    ],
  ];
  for (const [why, who, role, trusted, words] of rows)
    it(why, () => {
      const found = explained(who, role);
      assert.equal(found.naming.length > 0, trusted);
      assert.match(encodeAssume(map, found).join("\n"), words);
    });

  it("is for others to lift where the organisation denies it", () => {
    const found = explained(
      EVE,
      "postern/emergency",
      "with an explicit deny in a service control policy",
    );
    assert.equal(found.remedy?.kind, "others");
  });

  it("is told of for a script", () => {
    const json = JSON.parse(
      JSON.stringify(assumeJson(map, explained(ALICE, "postern/emergency"))),
    ) as {
      readonly role: string;
      readonly trusted: boolean;
      readonly remedy: unknown;
    };
    assert.deepEqual([json.role, json.trusted, json.remedy], ["emergency", true, null]);
  });

  it("is asked for where AWS does not name it", () => {
    const text = `User: ${EVE} is not authorized to perform: sts:AssumeRole because no role trust policy allows the sts:AssumeRole action`;
    assert.throws(
      () => explainAssume(map, bindings, parseDenial(text)),
      (error: unknown) =>
        error instanceof PosternError &&
        error.message === "expected a role of access.yaml, got a message that names none" &&
        error.hint?.includes("on resource: ARN") === true,
    );
  });

  it("is refused where the map does not know it", () => {
    assert.throws(
      () => explained(EVE, "other"),
      (error: unknown) =>
        error instanceof PosternError &&
        error.code === "NotFound" &&
        error.message.endsWith("expected a role of access.yaml, got another"),
    );
  });
});
