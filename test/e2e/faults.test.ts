/**
 * Every fault against the real program: what it exits with and says, that it hurts nobody else, that the old
 * files stay as they are, that no value or credential is told, and that the next pass converges.
 * @module
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { DENIALS } from "../cases/denials.ts";
import { OUTAGES } from "../cases/outages.ts";
import { BUNDLES, REFUSALS } from "../cases/refusals.ts";
import { assertSilent, canariesOf, LOUD } from "../support/canary.ts";
import {
  befall,
  type FaultRow,
  makeWell,
  NEW,
  OLD,
  recover,
  titleOf,
} from "../support/fault-host.ts";
import { configure, fetchAll, filesOf, hostFor, publish, setOf } from "../support/host.ts";
import { memoryDir } from "../support/temp.ts";

const ROWS = [...OUTAGES, ...DENIALS, ...REFUSALS, ...BUNDLES];

const FIRST_OF_ITS_KIND = new Map(ROWS.toReversed().map((row) => [kindOf(row), row]));

function kindOf({ ends: [, code, state], layout, mode, everyone }: FaultRow): string {
  return [code, state, layout, mode, everyone].join();
}

describe("a fault", { concurrency: 6 }, () => {
  const folder = memoryDir();

  for (const row of ROWS) {
    const [exit, code, state, says = /./] = row.ends;
    it(`leaves the old files and the other groups in peace, and tells no secret: ${titleOf(row)}`, async (t) => {
      const host = await hostFor(t, folder);
      await makeWell(host, row);
      const canaries = await canariesOf(host, [...Object.values(OLD), ...Object.values(NEW)]);
      await befall(host, row);
      const before = { sick: filesOf(host, "sick"), well: filesOf(host, "well") };

      const fetched = await fetchAll(host, [], LOUD);
      const sick = fetched.group("sick");
      assert.equal(fetched.code, exit, fetched.stderr);
      assert.deepEqual([sick.error?.code, sick.error?.exitCode, sick.state], [code, exit, state]);
      assert.match(`${sick.error?.message} ${sick.error?.hint}`, says);
      assert.match(readFileSync(join(host.run, "state/sick"), "utf8"), new RegExp(`^${state} `));
      assert.deepEqual(filesOf(host, "sick"), before.sick);
      if (row.everyone === true) assert.deepEqual(filesOf(host, "well"), before.well);
      else {
        assert.equal(fetched.group("well").state, "fresh");
        assert.deepEqual(setOf(host, "well"), { a: NEW.a });
      }

      assertSilent(host, canaries, [fetched]);

      // one recovery of each kind will do
      if (FIRST_OF_ITS_KIND.get(kindOf(row)) !== row) return;
      await recover(host, row);
      const healed = await fetchAll(host);
      assert.equal(healed.code, 0, healed.stderr);
      assert.deepEqual([setOf(host, "sick"), setOf(host, "well")], [NEW, { a: NEW.a }]);
    });
  }

  it("decides the exit code by the first failed group in the config's order", async (t) => {
    const host = await hostFor(t, folder);
    const decrypt = { mode: "kms", keys: [host.key] };
    configure(host, {
      well: { prefix: "well/" },
      plain: { prefix: "plain/", decrypt },
      busy: { prefix: "busy/" },
    });
    for (const group of ["well", "plain", "busy"]) await publish(host, group, { a: "value" });
    host.sandbox.faults.add({ kind: "throttle", service: "s3", keyPattern: /^busy/ });
    const all = await fetchAll(host);
    assert.equal(all.code, 70);
    assert.match(all.stderr, /^postern: plain: .*\n(?:.*\n)*postern: busy: /);
    // in another order on the command line
    const named = await fetchAll(host, ["busy", "well", "plain"]);
    assert.equal(named.code, 70);
    assert.equal((await fetchAll(host, ["busy", "well"])).code, 69);
    assert.equal((await fetchAll(host, ["well"])).code, 0);
  });
});
