/** Everything that a map is compared with, asked of AWS itself. @module */
import type { Ask } from "../aws/question.ts";
import type { AccessMap } from "../map/access-map.ts";
import { targetsIn } from "../map/buckets.ts";
import { askIdentities } from "./identities.ts";
import { keyFolder, resourceQuestions } from "./questions.ts";
import { createNotes, type Told } from "./told.ts";

/**
 * Asks all at once: `ask` bounds how many requests there are at a time.
 * @throws {PosternError} the first failure that is neither an absence nor a denial
 */
export async function inventoryOf(map: AccessMap, ask: Ask): Promise<Told> {
  const notes = createNotes(ask);
  // which key an answer is about, no answer says: it was asked by its ARN
  for (const { region, keys } of targetsIn(map))
    for (const arn of keys.values())
      notes.keep(`${keyFolder(arn, region)}/key`, { KeyMetadata: { Arn: arn } });
  await Promise.all([
    ...resourceQuestions(map).map(({ file, question }) => notes.ask(file, question)),
    askIdentities(map, notes),
  ]);
  return notes.told();
}
