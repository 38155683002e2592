/** What the role and the publishers of a sandbox without policies may do, as the command line says. @module */
import type { KeyGrant, PrefixGrant } from "../sandbox/grants.ts";
import { publisherGrants, type PublisherOfLevel } from "../sandbox/publishers.ts";
import type { SandboxOptions } from "../sandbox/sandbox.ts";
import type { RoleFlag } from "./sandbox-flags.ts";

export function rightsOf(
  role: RoleFlag,
  publishers: readonly PublisherOfLevel[],
  bucket: string,
): Pick<SandboxOptions, "grants" | "keyGrants" | "actionGrants"> {
  return {
    grants: [grantOf(role)],
    keyGrants: keyGrantsOf(role),
    actionGrants: publishers.flatMap((one) => publisherGrants(one, bucket)),
  };
}

function grantOf({ name, groups }: RoleFlag): PrefixGrant {
  return {
    role: name,
    readPrefixes: groups?.flatMap((group) => [`${group}/`, `${group}.bundle`]) ?? [""],
    writePrefixes: groups === undefined ? [""] : [],
  };
}

/** A role of certain groups opens only what is sealed for them, as the generated key policies have it. */
function keyGrantsOf({ name, groups }: RoleFlag): readonly KeyGrant[] {
  return groups === undefined
    ? [{ role: name, key: "*", actions: ["kms:*"] }]
    : groups.map((group) => ({
        role: name,
        key: "*",
        actions: ["kms:Decrypt"],
        context: { "postern:group": group },
      }));
}
