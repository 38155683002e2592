/**
 * Exported JSON as a deployment: outputs of the AWS CLI, recognised by what is in them, whatever the files are called.
 *
 * Where an output does not say what it is of, its folder does: by the one bucket, key, role or policy that other
 * outputs in it name, or by its own name.
 *
 *     buckets/NAME/…   get-bucket-policy, get-public-access-block, get-bucket-ownership-controls, …
 *     keys/ID/…        describe-key, get-key-policy, list-grants
 *     roles/NAME/…     get-role, list-role-policies, get-role-policy, list-attached-role-policies
 *     policies/NAME/…  get-policy, get-policy-version
 *
 * @module
 */
import type { Deployment } from "../policy/deployment.ts";
import { exportedBuckets } from "./exported-buckets.ts";
import { exportedIdentities } from "./exported-identities.ts";
import { exportedKeys } from "./exported-keys.ts";
import type { ExportedEndpoint } from "./exported-output.ts";
import { parseOutput } from "./exported-outputs.ts";
import { absentIn, type Knows, outputsOf, type Placed, type Told } from "./exported-place.ts";

export interface ExportedFile {
  /** Relative, with "/" between its parts. */
  readonly path: string;
  readonly text: string;
}

export interface Exported {
  readonly deployment: Deployment;
  /**
   * Whether the export tells of that, and be it that it is not there.
   * @param subject a bucket's name, the ARN of a key, role or user, an endpoint's id
   */
  readonly knows: Knows;
}

/**
 * @param owner what the export itself may not say
 * @throws {PosternError} BadData for a file that is no such output, or does not say what it is of
 */
export function readExport(
  files: readonly ExportedFile[],
  owner: { readonly account: string; readonly partition: string; readonly region: string },
): Exported {
  const placed = files.map(({ path, text }): Placed => {
    const folder = path.split("/").slice(0, -1).join("/");
    return { file: path, folder, output: parseOutput(text, path) };
  });
  const buckets = exportedBuckets(placed, owner.region);
  const keys = exportedKeys(placed);
  const identities = exportedIdentities(placed, owner.account);
  const endpoints = exportedEndpoints(placed);
  return {
    deployment: {
      account: owner.account,
      partition: owner.partition,
      buckets: buckets.things,
      keys: keys.things,
      identities: identities.things,
      endpoints: endpoints.things,
    },
    knows: (subject, aspect) =>
      [buckets, keys, identities, endpoints].some((told) => told.knows(subject, aspect)),
  };
}

function exportedEndpoints(placed: readonly Placed[]): Told<Deployment["endpoints"][number]> {
  const lists = outputsOf(placed, "endpoints");
  const absent = absentIn(placed, /^InvalidVpcEndpointId/);
  const things = lists.flatMap(({ output }) => output.endpoints.flatMap(endpointOf));
  const ids = new Set(things.map(({ id }) => id));
  return { things, knows: (id, aspect) => aspect === "policy" && (ids.has(id) || absent.has(id)) };
}

/** None of those of other services. */
function endpointOf(given: ExportedEndpoint): Deployment["endpoints"] {
  const [, region = "", name] = /\.([a-z0-9-]+)\.(s3|kms)$/.exec(given.serviceName) ?? [];
  const { id, policy } = given;
  const type = given.type.toLowerCase() === "gateway" ? "gateway" : "interface";
  return name === "s3" || name === "kms" ? [{ id, service: name, type, region, policy }] : [];
}
