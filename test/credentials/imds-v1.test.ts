import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, it, type TestContext } from "node:test";
import { answersWithoutToken } from "../../agent/credentials/imds-v1.ts";

const ROWS: readonly (readonly [why: string, status: number, expected: boolean])[] = [
  ["is told from a 200", 200, true],
  ["is off on a host that demands tokens", 401, false],
  ["is off on a host without metadata", 403, false],
  ["is not a redirect, which is not followed", 302, false],
];

describe("IMDSv1", () => {
  for (const [why, status, expected] of ROWS) {
    it(why, async (t) => {
      const asked: string[] = [];
      const url = await serve(t, status, asked);
      assert.equal(await answersWithoutToken(url), expected);
      assert.deepEqual(asked, ["GET /latest/meta-data/ undefined"]);
    });
  }

  it("is unknown where nothing answers", async () => {
    assert.equal(await answersWithoutToken(new URL("http://127.0.0.1:9")), undefined);
  });
});

async function serve(t: TestContext, status: number, asked: string[]): Promise<URL> {
  const server = createServer(({ method, url, headers }, response) => {
    asked.push(`${method} ${url} ${String(headers["x-aws-ec2-metadata-token"])}`);
    response.writeHead(status, { location: "/elsewhere" }).end("iam/\n");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => server.close());
  return new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
}
