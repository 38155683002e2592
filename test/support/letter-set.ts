import type { Values } from "./store.ts";

/** A set whose every value begins with `letter`: parts of two sets in one reading show. */
export function letterSet(letter: string): Values {
  const names = ["db_password", "tls/site.crt", "tls/site.key", "deep/er/still", "z"];
  return Object.fromEntries(names.map((name) => [name, `${letter} ${name}`]));
}
