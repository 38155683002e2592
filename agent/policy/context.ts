/**
 * What a request says of itself: condition keys and their values.
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
 * @module
 */

/** By key in lower case: names of condition keys are case-insensitive, those of tags and contexts in them too. */
export type Context = ReadonlyMap<string, readonly string[]>;

/** Whether `text` has the form of one: a service, or the address of an identity provider, then a name. */
export function isConditionKey(text: string): boolean {
  return /^[A-Za-z0-9][A-Za-z0-9./_-]*:./.test(text);
}

/** Of keys in any case; a key without values is as one that is absent. */
export function contextOf(keys: Readonly<Record<string, readonly string[]>>): Context {
  const context = new Map<string, readonly string[]>();
  for (const [key, values] of Object.entries(keys))
    if (values.length > 0) context.set(key.toLowerCase(), values);
  return context;
}
