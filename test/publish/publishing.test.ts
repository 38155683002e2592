import { startSandbox } from "../../agent/sandbox/sandbox.ts";
import { placesOf, serverOfEnvironment } from "../support/place.ts";
import { publishingSuite } from "./suite.ts";

publishingSuite("the sandbox", async (t) => {
  const sandbox = await startSandbox();
  t.after(() => sandbox.close());
  const key = (): string => sandbox.keys.create({ region: sandbox.region }).arn;
  return { ...sandbox, credentials: sandbox.publisher, key: key(), otherKey: key() };
});

const server = serverOfEnvironment();
if (server !== undefined)
  publishingSuite(
    server.endpoints.s3.host,
    placesOf(() => Promise.resolve(server)),
  );
