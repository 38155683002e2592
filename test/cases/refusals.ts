/** What came and is refused: the old set stays rather than half a new one, or a wrong one. @module */
import type { ErrorCode } from "../../agent/core/errors.ts";
import { type FaultRow, NEW } from "../support/fault-host.ts";
import {
  type Members,
  publish,
  publishBundle,
  seal,
  tarOf,
  type TestHost,
} from "../support/host.ts";

export const REFUSALS: readonly FaultRow[] = [
  {
    why: "the prefix is suddenly empty",
    happens: ({ sandbox }) => {
      sandbox.remove("sick/a");
      sandbox.remove("sick/b/c");
    },
    undo: publishNew,
    ends: [65, "BadData", "rejected", /no secret below/],
  },
  {
    why: "a key cannot be a file's name",
    happens: ({ sandbox }) => sandbox.put("sick/x//y", Buffer.from("planted")),
    undo: ({ sandbox }) => sandbox.remove("sick/x//y"),
    ends: [65, "BadName", "rejected", /x\/\/y/],
  },
  {
    why: "a key leads out of the folder",
    happens: ({ sandbox }) => sandbox.put("sick/../../x", Buffer.from("planted")),
    undo: ({ sandbox }) => sandbox.remove("sick/../../x"),
    ends: [65, "BadName", "rejected"],
  },
  {
    why: "a key is both file and folder",
    happens: ({ sandbox }) => sandbox.put("sick/a/below", Buffer.from("planted")),
    undo: ({ sandbox }) => sandbox.remove("sick/a/below"),
    ends: [65, "BadName", "rejected"],
  },
  {
    why: "an object is too large",
    settings: { max_size: "1KiB" },
    happens: (host) => publish(host, "sick", { large: "x".repeat(1025) }),
    undo: ({ sandbox }) => sandbox.remove("sick/large"),
    ends: [65, "TooLarge", "rejected", /large/],
  },
  {
    why: "the group is too large",
    settings: { max_group_size: "1KiB" },
    happens: (host) => publish(host, "sick", { large: "x".repeat(1025) }),
    undo: ({ sandbox }) => sandbox.remove("sick/large"),
    ends: [65, "TooLarge", "rejected"],
  },
  {
    why: "what it opens to is too large for the host",
    mode: "envelope",
    config: { limits: { max_host_size: "4KiB" } },
    happens: (host) => publish(host, "sick", { large: "x".repeat(4096) }, "envelope"),
    undo: ({ sandbox }) => sandbox.remove("sick/large"),
    ends: [65, "TooLarge", "rejected", /max_host_size/],
  },
  {
    why: "an object is plain in a kms group",
    mode: "kms",
    happens: (host) => publish(host, "sick", { a: "plain" }),
    undo: (host) => publish(host, "sick", { a: NEW.a }, "kms"),
    ends: [70, "DecryptFailed", "rejected"],
  },
  {
    why: "an object is plain in an envelope group",
    mode: "envelope",
    happens: (host) => publish(host, "sick", { a: "plain" }),
    undo: (host) => publish(host, "sick", { a: NEW.a }, "envelope"),
    ends: [65, "BadData", "rejected"],
  },
  ...(["kms", "envelope"] as const).flatMap((mode): FaultRow[] => [
    {
      why: "a sealed object was moved to another key",
      mode,
      happens: async (host) =>
        host.sandbox.put("sick/a", await seal(host, "sick", "sick/b/c", "moved", mode)),
      undo: (host) => publish(host, "sick", { a: NEW.a }, mode),
      ends: [70, "DecryptFailed", "rejected"],
    },
    {
      why: "an object was sealed for another group",
      mode,
      happens: async (host) =>
        host.sandbox.put("sick/a", await seal(host, "well", "sick/a", "not yours", mode)),
      undo: (host) => publish(host, "sick", { a: NEW.a }, mode),
      ends: [70, "DecryptFailed", "rejected"],
    },
    {
      why: "an object is sealed under a key that the config does not name",
      mode,
      happens: async (host) => {
        const { arn } = host.sandbox.keys.create({ region: host.sandbox.region });
        const other = { ...host, key: arn as TestHost["key"] };
        await host.sandbox.put("sick/a", await seal(other, "sick", "sick/a", "other key", mode));
      },
      undo: (host) => publish(host, "sick", { a: NEW.a }, mode),
      ends: [70, "DecryptFailed", "rejected"],
    },
  ]),
];

type Bare = Pick<FaultRow, "why" | "happens" | "ends">;

const EVIL_MEMBERS: readonly (readonly [why: string, error: ErrorCode, members: Members])[] = [
  ["a symlink", "BadData", [{ name: "a", type: "symlink", linkname: "/etc/shadow" }]],
  ["a name that leads out", "BadData", [{ name: "../../a" }]],
  ["a name twice", "BadData", [{ name: "a" }, { name: "a" }]],
  ["a file that is a folder too", "BadName", [{ name: "a" }, { name: "a/b" }]],
];

const BARE_BUNDLES: readonly Bare[] = [
  {
    why: "an older revision is replayed",
    happens: (host) => publishBundle(host, "sick", 0, { a: "old a" }),
    ends: [65, "BadData", "rejected", /revision/],
  },
  {
    why: "it is not sealed",
    happens: async ({ sandbox }) => sandbox.put("sick.bundle", await tarOf([{ name: "a" }])),
    ends: [65, "BadData", "rejected"],
  },
  {
    why: "it was cut before it was published",
    happens: async (host) => {
      await publishBundle(host, "sick", 3, { a: "cut" });
      const whole = host.sandbox.buckets.get(host.sandbox.bucket)?.current("sick.bundle");
      if (whole?.kind !== "object") throw new Error("no bundle");
      await host.sandbox.put("sick.bundle", whole.body.subarray(0, -20));
    },
    ends: [65, "BadData", "rejected"],
  },
  {
    why: "it holds no tar",
    happens: (host) => publishBundle(host, "sick", 3, Buffer.from("no tar at all")),
    ends: [65, "BadData", "rejected"],
  },
  ...EVIL_MEMBERS.map(([why, error, members]): Bare => ({
    why: `its tar holds ${why}`,
    happens: async (host) => publishBundle(host, "sick", 3, await tarOf(members)),
    ends: [65, error, "rejected"],
  })),
];

export const BUNDLES: readonly FaultRow[] = BARE_BUNDLES.map((row) => ({
  ...row,
  layout: "bundle",
  mode: "envelope",
  undo: (host) => publishBundle(host, "sick", 4, NEW),
}));

function publishNew(host: TestHost): Promise<void> {
  return publish(host, "sick", NEW);
}
