import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { inventoryOf } from "../../agent/account/inventory.ts";
import { inventoryPolicy } from "../../agent/account/permissions.ts";
import { type Drift, driftOf, hasDrifted } from "../../agent/audit/drift.ts";
import { encodeDrift } from "../../agent/audit/drift-words.ts";
import { readExport } from "../../agent/audit/exported.ts";
import type { Ask, Question } from "../../agent/aws/question.ts";
import { PosternError } from "../../agent/core/errors.ts";
import { generateDeployment } from "../../agent/generate/deployment.ts";
import { parseMap } from "../../agent/map/parse.ts";
import type { Deployment } from "../../agent/policy/deployment.ts";
import { arnGlobOf, matchesArn, parseArn, wildTokens } from "../../agent/policy/glob.ts";
import { ACME, REPLICA } from "../support/access-maps.ts";
import { answering } from "../support/asked.ts";
import { exportOf } from "../support/exports.ts";

const map = parseMap(ACME + REPLICA, "map.yaml");
const deployment = generateDeployment(map);
const OWNER = { account: map.account, partition: map.partition, region: map.home.region };
const NOTHING: Deployment = { ...deployment, buckets: [], keys: [], identities: [], endpoints: [] };

const GROUP = "arn:aws:iam::111122223333:group/team";
const BOUNDARY = { PermissionsBoundaryArn: "arn:aws:iam::111122223333:policy/boundary" };
const ADDED: ReadonlyMap<string, object> = new Map<string, object>([
  ["ListGroupsForUser", { Groups: [{ GroupName: "team", Arn: GROUP }] }],
  ["ListGroupPolicies", { PolicyNames: ["mail"] }],
  [
    "ListAttachedGroupPolicies",
    { AttachedPolicies: [{ PolicyArn: "arn:aws:iam::aws:policy/ReadOnlyAccess" }] },
  ],
  [
    "GetGroupPolicy",
    { PolicyDocument: { Statement: { Effect: "Allow", Action: "ses:*", Resource: "*" } } },
  ],
]);

function recordAt(value: object, name: string): object {
  const found: unknown = Reflect.get(value, name);
  assert.ok(typeof found === "object" && found !== null);
  return found;
}

async function driftBy(ask: Ask): Promise<Drift> {
  const { files, denied } = await inventoryOf(map, ask);
  return driftOf(deployment, readExport(files, OWNER), denied);
}

/** Each question that is asked of a whole deployment, by what it takes. */
const { ask: askAll, questions } = answering(deployment);
await inventoryOf(map, askAll);
const all = [...new Map(questions.map((one) => [`${one.operation} ${one.needs.resource}`, one]))];

describe("what AWS is asked", () => {
  it("is what a folder of exports would tell", async () => {
    const { files } = await inventoryOf(map, answering(deployment).ask);
    const own = deployment.identities.filter(({ arn }) => arn.split(":")[4] === map.account);
    const exported = readExport(exportOf({ ...deployment, identities: own }, "account"), OWNER);
    assert.deepEqual(driftOf(deployment, readExport(files, OWNER)), driftOf(deployment, exported));
    assert.equal(hasDrifted(driftOf(deployment, exported)), false);
  });

  it("only reads, of every bucket, key and endpoint of every region", () => {
    for (const { operation } of questions) assert.match(operation, /^(Get|List|Describe)[A-Z]/);
    const asked = (service: string): ReadonlySet<string> =>
      new Set(questions.filter((one) => one.service === service).map((one) => one.region));
    for (const service of ["s3", "kms", "ec2"])
      assert.deepEqual([...asked(service)].toSorted(), ["us-east-1", "us-west-2"], service);
  });

  it("names the account that must own the bucket, each time", () => {
    const owners = questions.filter(({ service }) => service === "s3").map(({ input }) => input);
    assert.equal(owners.length, 10);
    for (const { ExpectedBucketOwner } of owners) assert.equal(ExpectedBucketOwner, map.account);
  });

  it("is asked once", () => {
    const said = questions.map(({ operation, input }) => JSON.stringify([operation, input]));
    assert.deepEqual(said.toSorted(), [...new Set(said)].toSorted());
  });

  it("is missing where it is not there", async () => {
    const { changes } = await driftBy(answering(NOTHING).ask);
    assert.deepEqual(
      changes.filter(({ kind }) => kind === "unknown"),
      [],
    );
    for (const what of ["role web", "user alice", "bucket acme-secrets-west"])
      assert.ok(
        changes.some(({ kind, subject }) => kind === "missing" && subject === what),
        what,
      );
  });

  it("is missing where another role has the name", async () => {
    const moved: Deployment = {
      ...deployment,
      identities: deployment.identities.map((one) => ({
        ...one,
        arn: one.arn.replace(":role/postern/web", ":role/elsewhere/web"),
      })),
    };
    const { changes } = await driftBy(answering(moved).ask);
    assert.deepEqual(
      changes.map(({ kind, subject, what }) => [kind, subject, what]),
      [["missing", "role web", "itself"]],
    );
  });

  for (const [name, question] of all)
    it(`is not told, and what is missing named, where ${name} is denied`, async () => {
      const isIt = (one: Question): boolean =>
        one.operation === question.operation && one.needs.resource === question.needs.resource;
      const drift = await driftBy(answering(deployment, isIt).ask);
      assert.deepEqual(drift.denied, [question.needs]);
      assert.deepEqual(
        drift.changes.filter(({ kind }) => kind !== "unknown"),
        [],
      );
      assert.ok(drift.changes.length > 0, "something is not told");
      assert.deepEqual(drift.access.changes, []);
      assert.ok(hasDrifted(drift));
      const { action, resource } = question.needs;
      assert.ok(encodeDrift(drift).includes(`denied: ${action} on ${resource}`));
    });

  /** A boundary on a role, and a group around each user. */
  const changed =
    (isDenied: (question: Question) => boolean): Ask =>
    async (question) => {
      if (isDenied(question)) return { kind: "denied" };
      const { operation, input } = question;
      const answer = ADDED.get(operation);
      if (answer !== undefined) return { kind: "told", value: { ...input, ...answer } };
      const told = await answering(deployment).ask(question);
      if (operation !== "GetRole" || input["RoleName"] !== "web" || told.kind !== "told")
        return told;
      const role = recordAt(told.value, "Role");
      return { kind: "told", value: { Role: { ...role, PermissionsBoundary: BOUNDARY } } };
    };

  it("is also a boundary that was put, with its text", async () => {
    const { changes } = await driftBy(changed(() => false));
    const { subject, kind } = changes.find(({ what }) => what === "permissions boundary") ?? {};
    assert.deepEqual([subject, kind], ["role web", "extra"]);
  });

  it("is not told of a boundary whose text is denied", async () => {
    const isText = ({ operation, input }: Question): boolean =>
      operation === "GetPolicyVersion" && input["PolicyArn"] === BOUNDARY.PermissionsBoundaryArn;
    const { changes, denied } = await driftBy(changed(isText));
    const { subject, kind } = changes.find(({ what }) => what === "permissions boundary") ?? {};
    assert.deepEqual([subject, kind], ["role web", "unknown"]);
    assert.deepEqual(denied, [
      { action: "iam:GetPolicyVersion", resource: BOUNDARY.PermissionsBoundaryArn },
    ]);
  });

  it("is also what a user's groups have, and not told where that is denied", async () => {
    const { files } = await inventoryOf(
      map,
      changed(() => false),
    );
    const { deployment: found, knows } = readExport(files, OWNER);
    const alice = found.identities.find(({ kind }) => kind === "user");
    assert.deepEqual(
      alice?.policies.map(({ name }) => name),
      ["team/mail", "postern-alice", "ReadOnlyAccess"],
    );
    assert.ok(knows(alice?.arn ?? "", "policies"));
    const isOfGroup = ({ operation }: Question): boolean => operation === "GetGroupPolicy";
    const { changes, denied } = await driftBy(changed(isOfGroup));
    assert.ok(changes.some(({ subject, what }) => subject === "user alice" && what === "policies"));
    assert.deepEqual(denied, [{ action: "iam:GetGroupPolicy", resource: GROUP }]);
  });

  it("says nothing at all where all is denied, and takes nothing for absent", async () => {
    const drift = await driftBy(answering(deployment, () => true).ask);
    assert.ok(drift.changes.length > 20);
    for (const { kind } of drift.changes) assert.equal(kind, "unknown");
    assert.deepEqual(drift.access.changes, []);
  });

  it("fails at what is neither told, nor absent, nor denied", async () => {
    const ask: Ask = () => Promise.reject(new PosternError("Unavailable", "no answer"));
    await assert.rejects(inventoryOf(map, ask), { code: "Unavailable" });
  });
});

interface Statement {
  readonly Action: readonly string[];
  readonly Resource: readonly string[];
}

const statements = inventoryPolicy(map)["Statement"] as readonly Statement[];

describe("the policy that asking takes", () => {
  it("allows each question on its own resource", () => {
    for (const { needs } of questions)
      assert.ok(
        statements.some(
          ({ Action, Resource }) =>
            Action.includes(needs.action) && Resource.some((one) => covers(one, needs.resource)),
        ),
        `${needs.action} on ${needs.resource}`,
      );
  });

  it("allows no action that is not asked", () => {
    const asked = new Set(questions.map(({ needs }) => needs.action));
    // the user of this deployment is in no group, and has managed policies alone
    const ofOthers =
      /^iam:(ListGroupPolicies|GetGroupPolicy|ListAttachedGroupPolicies|GetUserPolicy)$/;
    for (const action of statements.flatMap(({ Action }) => Action))
      assert.ok(asked.has(action) || ofOthers.test(action), action);
  });
});

function covers(pattern: string, resource: string): boolean {
  const arn = parseArn(resource);
  return (
    pattern === resource || (arn !== undefined && matchesArn(arnGlobOf(wildTokens(pattern)), arn))
  );
}
