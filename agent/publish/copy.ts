/** One secret, or a whole group, taken over into another group: opened there, sealed anew here. @module */
import { PosternError } from "../core/errors.ts";
import { quote, type SecretName } from "../core/names.ts";
import type { Group } from "./group.ts";
import { type Judge, type PutDone, putSecret, see } from "./put.ts";

/**
 * The value of one secret under a name of the other group, which is overwritten if it is there.
 * @throws {PosternError} NotFound; Conflict when the target changed meanwhile
 */
export async function copySecret(
  from: { readonly group: Group; readonly name: SecretName },
  to: { readonly group: Group; readonly name: SecretName },
  judge: Judge,
): Promise<PutDone> {
  const { value } = await see(from.group, from.name);
  if (value === undefined)
    throw new PosternError(
      "NotFound",
      `no such secret ${quote(`${from.group.config.name}/${from.name}`)}`,
    );
  try {
    return await putSecret(to.group, { name: to.name, value, judge });
  } finally {
    value.fill(0);
  }
}
