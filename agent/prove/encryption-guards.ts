/** What a publisher must not say of encryption, so that hosts can open what it puts. @module */
import type { Group } from "../map/access-map.ts";
import { HEADER, headersOf, KEY_HEADER, nameOfSse } from "./encryption.ts";
import type { Broken } from "./guards.ts";
import type { EverydayScene } from "./object-requests.ts";

/** What a publisher must not say of encryption when it puts into the group. */
export function encryptionGuards({ map, target }: EverydayScene, group: Group): readonly Broken[] {
  const line = map.lineOf(["groups", group.name, "sse"]);
  const customer = "s3:x-amz-server-side-encryption-customer-algorithm";
  const base = { line, alsoKms: false, isOfGroup: true };
  const ofCustomer: Broken = {
    ...base,
    name: "a key of the customer's",
    broken: [{ keys: { [customer]: "AES256" } }],
    typical: [{ [customer]: "AES256" }],
  };
  const { sse } = group;
  if (sse.type === "s3") return [ofCustomer];
  const type = nameOfSse(sse.type);
  const key = target.keys.get(sse.key) ?? sse.key;
  const isRequired = sse.header === "required";
  const differs = (name: string, value: string): object => ({
    StringNotEquals: { [name]: value },
    ...(isRequired ? {} : { Null: { [name]: "false" } }),
  });
  const said = headersOf(map, target, group)[0] ?? {};
  const other = key.replace(/key\/.*/, "key/ffffffff-ffff-ffff-ffff-ffffffffffff");
  return [
    ofCustomer,
    {
      ...base,
      name: "another encryption",
      broken: [{ where: differs(HEADER, type) }],
      typical: [
        { ...said, [HEADER]: "AES256" },
        ...(isRequired ? [{ ...said, [HEADER]: [] }] : []),
      ],
    },
    {
      ...base,
      name: "another key",
      broken: [
        { keys: { [HEADER]: type }, where: differs(KEY_HEADER, key) },
        { keys: { [HEADER]: type, [KEY_HEADER]: [] } },
      ],
      typical: [
        { ...said, [KEY_HEADER]: other },
        // S3 then takes the key that AWS manages
        { ...said, [KEY_HEADER]: [] },
      ],
    },
  ];
}
