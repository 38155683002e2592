/**
 * Users and groups by name, as the system knows them: files, LDAP, SSSD, whatever its database is made of.
 *
 * @see nsswitch.conf(5), getent(1)
 * @module
 */
import { PosternError } from "../core/errors.ts";
import { quote } from "../core/names.ts";
import type { RunProgram } from "./program.ts";

/** Names or numbers, as the config has them. */
export interface OwnerNames {
  readonly user: string;
  readonly group: string;
}

export interface OwnerIds {
  readonly uid: number;
  readonly gid: number;
}

/** @throws {PosternError} ConfigInvalid when the system knows no such user or group; Unavailable when it is silent */
export type OwnerLookup = (owner: OwnerNames) => Promise<OwnerIds>;

/** A lookup that asks the system for each name until it is answered; numbers are taken as they are. */
export function ownerLookup(run: RunProgram): OwnerLookup {
  const answers = new Map<string, Promise<number>>();
  const ask = (database: Database, name: string): Promise<number> => {
    const question = `${database} ${name}`;
    const known = answers.get(question);
    if (known !== undefined) return known;
    const answer = idOf(run, database, name);
    answers.set(question, answer);
    answer.catch(() => answers.delete(question));
    return answer;
  };
  return async ({ user, group }) => {
    const [uid, gid] = await Promise.all([ask("passwd", user), ask("group", group)]);
    return { uid, gid };
  };
}

type Database = "passwd" | "group";

// 2^32 - 1 means "leave as it is" to chown(2)
const MAX_ID = 2 ** 32 - 2;

async function idOf(run: RunProgram, database: Database, name: string): Promise<number> {
  const what = database === "passwd" ? "user" : "group";
  if (/^\d{1,10}$/.test(name) && Number(name) <= MAX_ID) return Number(name);
  // useradd(8) allows less; directories know "DOMAIN\user" and "user@domain", and none a leading dash
  if (!/^[\p{L}_.][\p{L}\p{N}_.@\\ -]{0,255}\$?$/u.test(name)) throw unknown(what, name);
  const end = await run("getent", [database, name]);
  if (end.kind === "missing") {
    throw new PosternError("ConfigInvalid", `cannot look up ${what} ${quote(name)}: no getent(1)`, {
      hint: `write the ${what}'s number instead`,
    });
  }
  if (end.kind === "signalled") {
    throw new PosternError("Unavailable", `cannot look up ${what} ${quote(name)}: no answer`, {
      hint: `see whether "getent ${database}" works on this host`,
    });
  }
  const id = end.status === 0 ? end.stdout.split(":")[2] : undefined;
  if (id === undefined || !/^\d{1,10}$/.test(id) || Number(id) > MAX_ID) throw unknown(what, name);
  return Number(id);
}

function unknown(what: string, name: string): PosternError {
  return new PosternError("ConfigInvalid", `unknown ${what} ${quote(name)}`, {
    hint: "create it before postern runs, or write its number instead",
  });
}
