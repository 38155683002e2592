/** The demo's story, from rotation to outage and recovery, and what it costs. @module */
import { EXIT } from "../core/errors.ts";
import { dollarsAMonth } from "./cost.ts";
import { shown } from "./host.ts";
import { startReader } from "./reader.ts";
import type { Scene } from "./scene.ts";
import { SECRETS } from "./secrets.ts";
import type { Step, Telling } from "./step.ts";

export const LATER_STEPS: readonly Step<Scene>[] = [
  { title: "A whole set is rotated, three times, while an app reads it", run: rotate },
  { title: "S3 fails for one host, KMS for the other", run: outage },
  { title: "Both are back", run: recover },
  { title: "Nothing has changed", run: fetchUnchanged },
];

const ROTATIONS = 3;

async function rotate({ web, publisher }: Scene, told: Telling): Promise<void> {
  const reader = await startReader(web, "web", SECRETS.web);
  for (let set = 2; set <= 1 + ROTATIONS; set += 1) {
    await publisher.publish("web", set);
    const { code } = await shown(told, web, "fetch", "web", "--config", "web.yaml");
    told.check(`set ${set} is in place`, code, EXIT.done);
  }
  const { sets, torn, values, broken, last } = await told.during("reading", reader.end());
  told.note(`The app, a loop in sh, read ${sets} sets and ${values} values meanwhile.`);
  told.check("sets that were half old, half new: 0", torn, 0);
  told.check("values that were missing, empty or cut short: 0", broken, 0);
  told.check("it went on to the newest set by itself", last, 1 + ROTATIONS);
}

async function outage({ sandbox, publisher, web, db }: Scene, told: Telling): Promise<void> {
  const before = web.digest() + db.digest();
  // unchanged objects are not opened again: only a rotation makes the other host ask KMS
  await publisher.publish("db", 2);
  sandbox.faults.add({ kind: "503", service: "s3", keyPattern: /^(web|tls)/ });
  sandbox.faults.add({ kind: "500", service: "kms" });
  for (const host of [web, db]) {
    const { code } = await shown(told, host, "fetch", "--config", `${host.name}.yaml`);
    told.check(`exit code 69 on ${host.name}: unavailable`, code, EXIT.unavailable);
  }
  told.check("every file stays as it was", web.digest() + db.digest() === before, true);
  const { stdout } = await shown(told, web, "status");
  const stale = stdout.toString("utf8").match(/ stale /g) ?? [];
  told.check("status says that both groups are stale", stale.length, 2);
  const { code } = await web.postern("get", "tls/site.key");
  told.check("postern get goes on answering", code, EXIT.done);
}

async function recover({ sandbox, web, db }: Scene, told: Telling): Promise<void> {
  sandbox.faults.clear();
  for (const host of [web, db]) {
    const { code } = await shown(told, host, "fetch", "--config", `${host.name}.yaml`);
    told.check(`host ${host.name} is in step again`, code, EXIT.done);
  }
  const states = [...web.status().groups, ...db.status().groups].map(({ state }) => state);
  told.check("every group is fresh", states.join(" "), "fresh fresh fresh");
}

async function fetchUnchanged({ sandbox, web }: Scene, told: Telling): Promise<void> {
  const before = web.digest();
  const past = sandbox.log.entries();
  const { code } = await shown(told, web, "fetch", "--config", "web.yaml");
  told.check("nothing to do", code, EXIT.done);
  told.check("no file was written again", web.digest() === before, true);
  const made = sandbox.log.entries().slice(past.length);
  const countOf = (operation: string): number =>
    made.filter((entry) => entry.operation === operation).length;
  told.check("one LIST for web", countOf("ListObjectsV2"), 1);
  told.check("one GET for tls, answered 304", countOf("GetObject"), 1);
  told.check("no Decrypt", countOf("Decrypt"), 0);
  const s3 = [...past, ...made].filter(({ service }) => service === "s3").length;
  told.note(`The whole demo made ${s3} requests to S3. ${costLine()}`);
}

function costLine(): string {
  const month = (pass: { list: number; get: number }): string =>
    `$${Math.round(dollarsAMonth({ ...pass, decrypt: 0 }, 1000))}`;
  const bundle = month({ list: 0, get: 1 });
  const prefix = month({ list: 1, get: 0 });
  return `1,000 hosts that ask every minute cost ${bundle} a month for a bundle, ${prefix} for a prefix.`;
}
