/** What AWS denies, or says is gone. @module */
import { type FaultRow, NEW } from "../support/fault-host.ts";
import { publish, publishBundle, ROLE, type TestHost } from "../support/host.ts";

export const DENIALS: readonly FaultRow[] = [
  {
    why: "the role may no longer read it",
    happens: grantWellAlone,
    ends: [77, "Denied", "denied", /AccessDenied/],
  },
  {
    why: "the role may no longer read it, nor list",
    layout: "only",
    happens: grantWellAlone,
    ends: [77, "MissingOrDenied", "denied", /missing or denied/],
  },
  {
    why: "a name of `only` is gone, and the role may list",
    layout: "only",
    happens: ({ sandbox }) => sandbox.remove("sick/a"),
    undo: (host) => publish(host, "sick", { a: NEW.a }),
    ends: [66, "NotFound", "rejected", /sick\/a/],
  },
  {
    why: "KMS denies",
    mode: "kms",
    happens: ({ sandbox }) =>
      sandbox.setGrants({
        grants: [{ role: ROLE, readPrefixes: [""], writePrefixes: [] }],
        keys: [],
        administrators: [],
      }),
    ends: [77, "Denied", "denied", /kms:Decrypt/],
  },
  {
    why: "the key is disabled",
    mode: "envelope",
    happens: (host) => setKey(host, "Disabled"),
    undo: (host) => setKey(host, "Enabled"),
    ends: [77, "Denied", "denied", /disabled/],
  },
  {
    why: "the key is disabled",
    mode: "kms",
    happens: (host) => setKey(host, "Disabled"),
    undo: (host) => setKey(host, "Enabled"),
    ends: [77, "Denied", "denied", /disabled/],
  },
  {
    why: "the key is pending deletion",
    mode: "kms",
    happens: (host) => setKey(host, "PendingDeletion"),
    undo: (host) => setKey(host, "Enabled"),
    ends: [77, "Denied", "denied", /pending deletion/],
  },
  {
    why: "the bundle is gone",
    layout: "bundle",
    mode: "envelope",
    happens: ({ sandbox }) => sandbox.remove("sick.bundle"),
    undo: (host) => publishBundle(host, "sick", 3, NEW),
    ends: [66, "NotFound", "denied", /no such object/],
  },
  {
    why: "the bucket is gone",
    config: { bucket: "postern-absent" },
    happens: () => {},
    ends: [66, "NotFound", "denied", /no such bucket/],
    everyone: true,
  },
  {
    why: "the bucket is somebody else's",
    config: { bucket_owner: "999999999999" },
    happens: () => {},
    ends: [77, "Denied", "denied", /bucket_owner/],
    everyone: true,
  },
];

function grantWellAlone({ sandbox }: TestHost): void {
  const grants = [{ role: ROLE, readPrefixes: ["well/"], writePrefixes: [], list: true }];
  sandbox.setGrants({ grants, keys: [], administrators: [] });
}

function setKey(
  { sandbox, key }: TestHost,
  state: "Enabled" | "Disabled" | "PendingDeletion",
): void {
  const found = sandbox.keys.find(sandbox.region, key);
  if (found.kind !== "key") throw new Error("no key");
  sandbox.keys.transition(found.key, state);
}
