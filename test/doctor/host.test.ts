import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { examineCoreDumps, examineHost, examineNode } from "../../agent/doctor/host.ts";
import { examineSwap, isNoswap, parseSwaps } from "../../agent/doctor/swap.ts";
import { type Kernel, systemKernel } from "../../agent/doctor/kernel.ts";
import { kernelOf } from "../support/doctor.ts";

const HEAD = "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n";
const RUN = "/run/postern";

/** A kernel that tells these files, and these links and folders of /sys. */
function telling(
  files: Readonly<Record<string, string>>,
  parts: Partial<Kernel> & { readonly slaves?: Readonly<Record<string, readonly string[]>> } = {},
): Kernel {
  const { slaves = {}, ...rest } = parts;
  return kernelOf({ read: (path) => files[path], list: (path) => slaves[path] ?? [], ...rest });
}

describe("doctor's look at Node", () => {
  const rows: readonly (readonly [version: string, kind: string])[] = [
    ["20.19.0", "ok"],
    ["20.18.3", "failed"],
    ["18.20.4", "failed"],
    ["22.1.0", "ok"],
  ];
  for (const [version, kind] of rows)
    it(`takes ${version} for ${kind}`, () => assert.equal(examineNode(version).kind, kind));
});

describe("doctor's look at core dumps", () => {
  const limits = (limit: string): string =>
    `Limit                     Soft Limit           Hard Limit           Units\n` +
    `Max core file size        ${limit}                    unlimited            bytes\n`;
  const rows: readonly (readonly [why: string, limit: string, pattern: string, kind: string])[] = [
    ["a limit of 0 keeps them off", "0", "core", "ok"],
    ["a limit above 0 lets them be", "unlimited", "core", "warning"],
    ["systemd-coredump minds the limit", "0", "|/usr/lib/systemd/systemd-coredump %P %u", "ok"],
    ["apport minds the limit", "0", "|/usr/share/apport/apport -p%p", "ok"],
    ["a pipe to another program ignores the limit", "0", "|/opt/collect %p", "warning"],
  ];
  for (const [why, limit, pattern, kind] of rows) {
    it(why, () => {
      const files = {
        "/proc/self/limits": limits(limit),
        "/proc/sys/kernel/core_pattern": pattern,
      };
      assert.equal(examineCoreDumps(telling(files)).kind, kind);
    });
  }

  it("is skipped where the kernel does not tell", () => {
    assert.equal(examineCoreDumps(kernelOf({})).kind, "skipped");
  });
});

describe("doctor's look at swap", () => {
  interface Row {
    readonly swaps: string;
    readonly files?: Readonly<Record<string, string>>;
    readonly parts?: Parameters<typeof telling>[1];
    readonly kind: string;
    readonly found?: RegExp;
  }
  const rows: Readonly<Record<string, Row>> = {
    "is content without any": { swaps: "", kind: "ok", found: /^none$/ },
    "warns of a plain partition": {
      swaps: "/dev/sda2 partition 1 0 -2\n",
      kind: "warning",
      found: /"\/dev\/sda2"$/,
    },
    "warns of a file on a plain disk": {
      swaps: "/swap\\040file file 1 0 -2\n",
      parts: { deviceOf: () => "8:1" },
      kind: "warning",
      found: /"\/swap file"$/,
    },
    "takes a file on an encrypted disk": {
      swaps: "/swapfile file 1 0 -2\n",
      files: { "/sys/dev/block/253:0/dm/uuid": "CRYPT-LUKS2-4f\n" },
      parts: { deviceOf: () => "253:0" },
      kind: "ok",
    },
    "looks through LVM to the encryption below it": {
      swaps: "/dev/dm-1 partition 1 0 -2\n",
      files: {
        "/sys/class/block/dm-1/dm/uuid": "LVM-abc\n",
        "/sys/class/block/dm-1/slaves/dm-0/dm/uuid": "CRYPT-PLAIN-x\n",
      },
      parts: { slaves: { "/sys/class/block/dm-1/slaves": ["dm-0"] } },
      kind: "ok",
    },
    "is not content when one of two disks below is plain": {
      swaps: "/dev/dm-1 partition 1 0 -2\n",
      files: { "/sys/class/block/dm-1/slaves/dm-0/dm/uuid": "CRYPT-PLAIN-x\n" },
      parts: { slaves: { "/sys/class/block/dm-1/slaves": ["dm-0", "sda3"] } },
      kind: "warning",
    },
    "takes zram, which is memory": { swaps: "/dev/zram0 partition 1 0 100\n", kind: "ok" },
    "warns of zram that writes back to a disk": {
      swaps: "/dev/zram0 partition 1 0 100\n",
      files: { "/sys/class/block/zram0/backing_dev": "/dev/sdb\n" },
      kind: "warning",
    },
    "takes plain swap when the tree's mount keeps out of it": {
      swaps: "/dev/sda2 partition 1 0 -2\n",
      files: {
        "/proc/self/mountinfo": `40 30 0:30 / ${RUN} rw,nosuid - tmpfs tmpfs rw,noswap\n`,
      },
      kind: "ok",
      found: /mounted noswap$/,
    },
  };
  for (const [promise, { swaps, files, parts, kind, found }] of Object.entries(rows)) {
    it(promise, () => {
      const kernel = telling({ "/proc/swaps": HEAD + swaps, ...files }, parts);
      const finding = examineSwap(kernel, RUN);
      assert.equal(finding.kind, kind);
      assert.match(finding.found, found ?? /./);
    });
  }

  it("reads what the kernel writes", () => {
    const text = `${HEAD}/dev/dm-0                               partition\t8388604\t\t0\t\t-2\n`;
    assert.deepEqual(parseSwaps(text), [{ path: "/dev/dm-0", type: "partition" }]);
  });

  const MOUNTS = [
    "1 0 8:1 / / rw - ext4 /dev/sda1 rw",
    "2 1 0:20 / /run rw shared:5 - tmpfs tmpfs rw,noswap,mode=755",
    "3 2 0:21 / /run/postern rw - tmpfs tmpfs rw",
    "4 1 0:22 / /a\\040b rw - tmpfs tmpfs rw,noswap",
  ].join("\n");
  const mounts: readonly (readonly [why: string, path: string, expected: boolean])[] = [
    ["by the mount that holds the path", "/run/other", true],
    ["by the nearest mount, not one above it", "/run/postern/groups", false],
    ["by whole segments", "/run-other", false],
    ["with spaces in its name", "/a b/c", true],
  ];
  for (const [why, path, expected] of mounts)
    it(`knows noswap ${why}`, () => assert.equal(isNoswap(MOUNTS, path), expected));
});

describe("doctor's look at a host", () => {
  it("fails without flock(1)", async () => {
    const findings = await examineHost(
      {
        kernel: systemKernel,
        run: () => Promise.resolve({ kind: "missing" }),
        nodeVersion: "22.1.0",
      },
      RUN,
    );
    const flock = findings.find(({ about }) => about === "flock");
    assert.deepEqual(flock, {
      kind: "failed",
      about: "flock",
      found: "there is no flock(1)",
      details: [],
      fix: "install util-linux",
      code: "CannotWrite",
    });
  });

  it("reads this very kernel", () => {
    assert.match(systemKernel.read("/proc/self/limits") ?? "", /Max core file size/);
    assert.match(systemKernel.deviceOf("/proc/self/limits") ?? "", /^\d+:\d+$/);
    assert.equal(systemKernel.read("/nonexistent"), undefined);
    assert.deepEqual(systemKernel.list("/nonexistent"), []);
    assert.equal(systemKernel.isWritable("/nonexistent"), false);
    assert.ok((systemKernel.fileSystem("/")?.freeBytes ?? -1) >= 0);
  });
});
