/**
 * Swap that could write secrets to a disk in the clear.
 *
 * The run directory's tmpfs and this process's memory are both swapped. What is encrypted below the host (EBS)
 * cannot be seen from here, so this only ever warns.
 * @see proc_swaps(5), dm-crypt's uuid "CRYPT-…" in Linux's drivers/md/dm-crypt.c, zram's writeback in
 *   https://docs.kernel.org/admin-guide/blockdev/zram.html, noswap in tmpfs(5)
 * @module
 */
import { quote } from "../core/names.ts";
import { type Finding, ok, skipped, warning } from "./finding.ts";
import type { Kernel } from "./kernel.ts";

/** @param run the run directory, which need not be there yet */
export function examineSwap(kernel: Kernel, run: string): Finding {
  const text = kernel.read("/proc/swaps");
  if (text === undefined) return skipped("swap", "a readable /proc/swaps");
  const areas = parseSwaps(text);
  if (areas.length === 0) return ok("swap", "none");
  const plain = areas.filter((area) => !isSafe(kernel, area)).map(({ path }) => quote(path));
  if (plain.length === 0) return ok("swap", "encrypted, or in memory");
  const found = `not encrypted as far as this host can tell: ${plain.join(", ")}`;
  if (isNoswap(kernel.read("/proc/self/mountinfo") ?? "", run))
    return ok("swap", `${found}; ${quote(run)} is mounted noswap`);
  const fix = `encrypt it, turn it off (swapoff), or mount ${run} with noswap (Linux 6.4)`;
  return warning("swap", found, fix);
}

export interface SwapArea {
  readonly path: string;
  readonly type: "partition" | "file";
}

/** The lines of /proc/swaps; spaces in a path are written as \040. */
export function parseSwaps(text: string): readonly SwapArea[] {
  return text
    .split("\n")
    .slice(1)
    .flatMap((line) => {
      const [path, type] = line.split(/\s+/);
      if (path === undefined || path === "" || (type !== "partition" && type !== "file")) return [];
      return [{ path: unescape(path), type }];
    });
}

/** Whether the mount that `path` lies on keeps out of swap, from the lines of mountinfo (proc_pid_mountinfo(5)). */
export function isNoswap(mountinfo: string, path: string): boolean {
  let longest = { point: "", options: "" };
  for (const line of mountinfo.split("\n")) {
    const [before = "", after = ""] = line.split(" - ");
    const point = unescape(before.split(" ")[4] ?? "");
    const holds = point === "/" || path === point || path.startsWith(`${point}/`);
    // of two mounts at one place, the later covers the earlier
    if (point !== "" && holds && point.length >= longest.point.length)
      longest = { point, options: after.split(" ")[2] ?? "" };
  }
  return longest.options.split(",").includes("noswap");
}

function isSafe(kernel: Kernel, { path, type }: SwapArea): boolean {
  if (type === "partition") {
    const name = kernel.resolve(path)?.split("/").at(-1);
    return name !== undefined && isSafeDevice(kernel, `/sys/class/block/${name}`);
  }
  const device = kernel.deviceOf(path);
  return device !== undefined && isSafeDevice(kernel, `/sys/dev/block/${device}`);
}

/** @param depth how many layers of devices to look through: LVM on RAID on crypt is three */
function isSafeDevice(kernel: Kernel, device: string, depth = 8): boolean {
  const backing = kernel.read(`${device}/backing_dev`);
  const isZram = /^zram\d+$/.test(kernel.resolve(device)?.split("/").at(-1) ?? "");
  if (isZram) return backing === undefined || backing.trim() === "none";
  if (kernel.read(`${device}/dm/uuid`)?.startsWith("CRYPT-") === true) return true;
  const below = kernel.list(`${device}/slaves`);
  return (
    depth > 0 &&
    below.length > 0 &&
    below.every((name) => isSafeDevice(kernel, `${device}/slaves/${name}`, depth - 1))
  );
}

function unescape(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 8)),
  );
}
