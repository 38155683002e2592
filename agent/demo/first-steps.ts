/** The demo's story, up to the point where the hosts have their secrets. @module */
import { EXIT } from "../core/errors.ts";
import { demoDeployment, SHOWN_MAP } from "./access-map.ts";
import { lastStopped, readAsAdministrator } from "./denial.ts";
import { shown } from "./host.ts";
import type { Scene } from "./scene.ts";
import { MARK, SECRETS } from "./secrets.ts";
import type { Step, Telling } from "./step.ts";

export const FIRST_STEPS: readonly Step<Scene>[] = [
  { title: "Security says who reads what, and makes the policies of it", run: showMap },
  { title: "A private bucket, three groups, each sealed in another way", run: publish },
  { title: "Two hosts fetch, each as its own role", run: fetchBoth },
  { title: "What lies on the first host now", run: showTree },
  { title: "A recipe asks for a secret", run: getSecret },
  { title: "A host asks for a group that its role may not read", run: fetchDenied },
];

async function showMap({ sandbox }: Scene, told: Telling): Promise<void> {
  told.output(SHOWN_MAP);
  const { buckets, keys, identities } = demoDeployment();
  const documents =
    buckets.length + keys.length + identities.flatMap(({ policies }) => policies).length;
  told.note(
    `From this access map come ${documents} policies: of the bucket, the key, the hosts, the publisher. The sandbox has them in force, and they alone decide.`,
  );
  const inForce = sandbox.buckets.get(sandbox.bucket)?.settings().policy?.text;
  told.check("the bucket has its policy", inForce ?? "", JSON.stringify(buckets[0]?.policy));
  const error = await told.during("asking", readAsAdministrator(sandbox, "web/db_password"));
  told.check("a user whom IAM allows everything reads nothing", error, "AccessDenied");
  told.check("stopped by the bucket policy", lastStopped(sandbox)?.sid ?? "", "ClosedWorld");
}

async function publish({ publisher }: Scene, told: Telling): Promise<void> {
  const seal = async (group: keyof typeof SECRETS): Promise<readonly Buffer[]> =>
    told.during("sealing", publisher.publish(group, 1));
  const plain = await seal("web");
  const sealed = [...(await seal("tls")), ...(await seal("db"))];
  told.output(
    [
      `web  ${SECRETS.web.length} objects, plain             role web-server may read them`,
      `tls  ${SECRETS.tls.length} secrets in one, envelope   role web-server may read and open it`,
      `db   ${SECRETS.db.length} objects, sealed by KMS     role database may read and open them`,
    ].join("\n"),
  );
  const clear = (bodies: readonly Buffer[]): number =>
    bodies.filter((body) => body.includes(MARK)).length;
  told.check("the bucket holds all three", plain.length + sealed.length, 6);
  told.check("and of tls and db no value in the clear", clear(sealed), 0);
}

async function fetchBoth({ web, db }: Scene, told: Telling): Promise<void> {
  for (const host of [web, db]) {
    const { code } = await shown(told, host, "fetch", "--config", `${host.name}.yaml`);
    told.check(`host ${host.name} has what its role may read`, code, EXIT.done);
  }
  const states = [...web.status().groups, ...db.status().groups].map(({ state }) => state);
  told.check("every group is fresh", states.join(" "), "fresh fresh fresh");
}

async function showTree({ web, db, self, owner, inMemory }: Scene, told: Telling): Promise<void> {
  told.output((await told.during("listing", web.tree("web"))).join("\n"));
  told.note(
    inMemory
      ? "It is on tmpfs, in memory, as /run/postern is on a host."
      : "It is on a disk: this machine has no tmpfs that the demo may use.",
  );
  told.check("web is for its owner and group alone", web.modes("web").join(), `440 ${owner}`);
  told.check("tls is for its owner alone", web.modes("tls").join(), `400 ${self}`);
  told.check("db, on the other host, too", db.modes("db").join(), `400 ${self}`);
}

async function getSecret({ web }: Scene, told: Telling): Promise<void> {
  const { code, stdout } = await web.postern("get", "web/db_password");
  told.command(web.name, "postern get web/db_password | …");
  told.output(`[${stdout.length} bytes]`);
  told.check("its exact bytes, to a pipe", code === EXIT.done && stdout.includes(MARK), true);
  const missing = await shown(told, web, "get", "db/admin_password");
  told.check("exit code 66: this host has no such group", missing.code, EXIT.notFound);
}

async function fetchDenied({ sandbox, db }: Scene, told: Telling): Promise<void> {
  const { code, stderr } = await shown(told, db, "fetch", "--config", "curious.yaml");
  const states = db.status().groups.map(({ group, state }) => `${group} ${state}`);
  told.check("exit code 77: denied, which is not an outage", code, EXIT.denied);
  const names = /denies s3:ListBucket on "\S+" with s3:prefix "web\/"/.test(stderr);
  told.check("and the permission that it lacks is named", names, true);
  const stopped = lastStopped(sandbox);
  if (stopped !== undefined)
    told.output(
      [
        `who        ${stopped.who}`,
        `asked for  ${stopped.operation} ${stopped.key}`,
        `decided    ${stopped.explicit ? "an explicit deny" : "nothing allows it"} in ${stopped.document}`,
        `statement  ${stopped.sid}`,
      ].join("\n"),
    );
  told.check("the statement that stopped it", stopped?.sid ?? "", "DenyListWeb");
  told.check("its own group is none the worse", states.join(), "db fresh,web denied");
  told.check("nothing of web came to this host", db.groups().join(), "db");
  const again = await told.during("fetch", db.postern("fetch", "--config", "db.yaml", "--quiet"));
  told.check("and with the right config all is well again", again.code, EXIT.done);
}
