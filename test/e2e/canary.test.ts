/** No value, token or signature leaves by any way out but the secret's own file, whatever fails. @module */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { DENIALS } from "../cases/denials.ts";
import { OUTAGES } from "../cases/outages.ts";
import { BUNDLES, REFUSALS } from "../cases/refusals.ts";
import { assertSilent, canariesOf, findCanary, LOUD } from "../support/canary.ts";
import { befall, type FaultRow, makeWell, NEW, OLD, titleOf } from "../support/fault-host.ts";
import { hostFor, postern } from "../support/host.ts";
import { memoryDir } from "../support/temp.ts";

/** One row for each error code; `faults.test.ts` holds `fetch` to it for all of them. */
const ROWS: readonly FaultRow[] = [
  ...new Map(
    [...OUTAGES, ...DENIALS, ...REFUSALS, ...BUNDLES].map((row) => [row.ends[1], row] as const),
  ).values(),
];

describe("a canary", { concurrency: 5 }, () => {
  const folder = memoryDir();

  for (const row of ROWS) {
    it(`is in no output and no file but its own: ${titleOf(row)}`, async (t) => {
      const host = await hostFor(t, folder);
      await makeWell(host, row);
      const canaries = await canariesOf(host, [...Object.values(OLD), ...Object.values(NEW)]);
      await befall(host, row);
      const config = ["--config", host.config];
      const said = [];
      for (const words of [
        ["fetch", ...config],
        ["plan", "--all", ...config],
        ["plan", "--json", ...config],
        ["status"],
        ["get", "sick/a", "--field", "a"],
        ["path", "--pin", "sick/a"],
        ["doctor", ...config],
        ["doctor", "--json", ...config],
      ])
        said.push(await postern(host, words, LOUD));
      const cat = await postern(host, ["cat", `s3://${host.sandbox.bucket}/sick/a`], LOUD);
      // where nothing is wrong for it, its stdout is the secret's own way out
      said.push({ ...cat, stdout: Buffer.alloc(0) });
      assertSilent(host, canaries, said);
    });
  }

  it("is found where it is", async (t) => {
    const host = await hostFor(t, folder);
    const value = `${OLD.a}/+"`;
    const canaries = await canariesOf(host, [value]);
    for (const text of [
      value,
      Buffer.from(`some JSON around ${value} it`).toString("base64"),
      Buffer.from(value).toString("base64url"),
      Buffer.from(value).toString("hex"),
      encodeURIComponent(value),
      JSON.stringify({ value }),
      "AWS4-HMAC-SHA256 Credential=",
    ])
      assert.ok(findCanary(`before ${text} after`, canaries), text);
  });
});
