/** Publishing to moto, whose S3 and KMS were not written by us. */
import { after } from "node:test";
import { publishingSuite } from "../publish/suite.ts";
import { type Moto, startMoto, withoutMoto } from "../support/moto.ts";
import { placesOf } from "../support/place.ts";

let started: Promise<Moto> | undefined;

const places = placesOf(async () => {
  const { endpoint, ...server } = await (started ??= startMoto());
  return { ...server, endpoints: { s3: endpoint, kms: endpoint } };
});

publishingSuite("moto", places, withoutMoto);

after(async () => (await started)?.stop());
