/**
 * Hashes of a group's settings, kept with a generation to notice that the config has changed since.
 *
 * Settings are no secrets, so the hashes need no key; nothing of a value goes into them.
 * @module
 */
import { createHash } from "node:crypto";
import type { BucketConfig, GroupConfig } from "./config.ts";
import type { Templates } from "./templates.ts";

/**
 * What decides the bytes of a group: where they come from and how they are opened. Hex of SHA-256, the same
 * for every order of keys, names and context; when it differs, everything must be fetched anew.
 */
export function sourceFingerprint(group: GroupConfig, home: BucketConfig): string {
  const { layout, decrypt } = group;
  return digest({
    group: group.name,
    bucket: home.bucket,
    owner: home.owner,
    layout: layout.kind === "only" ? { ...layout, names: layout.names.toSorted() } : layout,
    decrypt: decrypt.mode === "none" ? decrypt : { ...decrypt, keys: decrypt.keys.toSorted() },
    onBadName: group.onBadName,
  });
}

/**
 * What decides the files made of the same bytes: mode, owner, renders with the texts of their templates, further
 * paths. Hex of SHA-256; when it differs, a new generation is due although no object changed.
 */
export function shapeFingerprint(group: GroupConfig, templates: Templates): string {
  const { mode, owner, render, files } = group;
  const sorted = files.toSorted((a, b) => (a.path < b.path ? -1 : 1));
  return digest({ mode, owner, render, files: sorted, templates: Object.fromEntries(templates) });
}

function digest(value: unknown): string {
  return createHash("sha256").update(canonical(value)).digest("hex");
}

/** JSON with sorted keys: equal records give equal texts (as RFC 8785 sorts them). */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === "object" && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}
