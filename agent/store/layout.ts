/**
 * Where everything lies, and the names of it.
 *
 *     <run>/                          0755, of the running user
 *       secrets/                      0755
 *         web -> ../groups/web/current        the stable path of a group
 *       groups/                       0755
 *         web/                        0750 root:www-data for secrets of mode 0440, see `groupMode`
 *           current -> gen/7f3a9c51e0b2       the one symlink that a swap replaces
 *           gen/                      0711, to pass through
 *             7f3a9c51e0b2/           a generation: 0750 root:www-data, its files 0440; never changed
 *               .postern/etc/app.env  what is rendered for the path /etc/app.env
 *             7f3a9c51e0b2.manifest   0600
 *       state/                        0755
 *         web                         0644, one line
 *       records/                      0700
 *         web                         0600, what is remembered of the group between passes
 *       owed/                         0700
 *         web                         0600, the generation whose reload is owed
 *       control/                      0750, of the control group
 *         agent.sock                  0660, while a daemon runs
 *       status.json                   0644
 *       lock                          0600
 *     <state>/                        0700
 *       host.key                      0600, 32 bytes
 *       revisions.json                0600
 *       destinations.json             0600
 *
 * The directories above a generation always belong to the running user: an app that owns its secrets must not
 * be able to lead others elsewhere by replacing `current`. A generation's own directory is its owner's.
 * @module
 */
import type { GroupName } from "../core/names.ts";
import type { Access } from "./durable-file.ts";
import type { GenerationId } from "./target.ts";

export const SECRETS = "secrets";
export const GROUPS = "groups";
export const STATE = "state";
export const RECORDS = "records";
export const OWED = "owed";
export const GENERATIONS = "gen";
export const CURRENT = "current";
export const CONTROL = "control";
export const SOCKET = "agent.sock";
export const STATUS = "status.json";
export const LOCK = "lock";
export const HOST_KEY = "host.key";
export const REVISIONS = "revisions.json";
export const JOURNAL = "destinations.json";

/** Where a running daemon is asked. */
export function socketPath(run: string): string {
  return `${run}/${CONTROL}/${SOCKET}`;
}

/** Where readers find a group, whatever is swapped in. */
export function stablePath(run: string, group: GroupName): string {
  return `${run}/${SECRETS}/${group}`;
}

/** The text of the link `secrets/GROUP`. Relative, so that the tree can be mounted elsewhere. */
export function stableText(group: GroupName): string {
  return `../${GROUPS}/${group}/${CURRENT}`;
}

/** The text of the link `groups/GROUP/current`. */
export function currentText(id: GenerationId): string {
  return `${GENERATIONS}/${id}`;
}

export function manifestName(id: GenerationId): string {
  return `${id}.manifest`;
}

/**
 * The mode of a generation's directories: who may read the files may list them. A directory given to another
 * user is not writable by that user, whose files are never changed in place.
 */
export function generationMode(access: Access, uid: number): number {
  const read = access.mode & 0o444;
  const searchable = read | (read >> 2);
  return access.uid === uid ? searchable | 0o700 : searchable | 0o500;
}

/**
 * The mode of `groups/GROUP`, which belongs to the running user `uid` and the group of the secrets. It cannot
 * name a third: when the secrets are another user's, all may pass, and the generation's directory decides.
 */
export function groupMode(access: Access, uid: number): number {
  return access.uid === uid ? generationMode(access, uid) : 0o755;
}
