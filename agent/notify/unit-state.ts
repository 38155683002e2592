/**
 * What systemd says of a unit, and what that means for a reload.
 *
 * `systemctl try-reload-or-restart` on a unit that is still starting ends at once with status 0 and reloads
 * nothing (252, tried out): so the state is asked first.
 * @see systemctl(1), org.freedesktop.systemd1(5)
 * @module
 */

export interface UnitState {
  /** "loaded", "not-found", "masked" … */
  readonly load: string;
  /** "active", "inactive", "activating" … */
  readonly active: string;
  readonly canReload: boolean;
  /** A start, stop or reload of it is queued or under way. */
  readonly hasJob: boolean;
  /** EnvironmentFile=, with systemd's specifiers resolved. */
  readonly environmentFiles: readonly string[];
}

export type Reloadable =
  | { readonly kind: "now" }
  | { readonly kind: "later" | "not-needed"; readonly why: string };

/** The arguments of systemctl(1) by which it tells what `parseUnitState` reads. */
export function showArguments(unit: string): readonly string[] {
  const properties = ["LoadState", "ActiveState", "CanReload", "Job", "EnvironmentFiles"];
  return ["show", "--no-pager", `--property=${properties.join(",")}`, "--", unit];
}

/** Undefined when it is not what systemctl says. */
export function parseUnitState(text: string): UnitState | undefined {
  const lines = text.split("\n").map((line) => {
    const at = line.indexOf("=");
    return [line.slice(0, at), line.slice(at + 1)] as const;
  });
  const valueOf = (wanted: string): string | undefined =>
    lines.find(([name]) => name === wanted)?.[1];
  const [load, active] = [valueOf("LoadState"), valueOf("ActiveState")];
  if (load === undefined || active === undefined) return undefined;
  return {
    load,
    active,
    canReload: valueOf("CanReload") === "yes",
    hasJob: !["", "0"].includes(valueOf("Job") ?? ""),
    environmentFiles: lines.flatMap(([name, value]) =>
      name === "EnvironmentFiles" ? [value.replace(/ \(ignore_errors=\w+\)$/, "")] : [],
    ),
  };
}

/**
 * Whether a unit may be reloaded now.
 *
 * - One that does not run reads the new set when it starts; nobody starts it for that.
 * - One that starts may have read the old set already, and waiting for it could wait for this very pass.
 * - One that reloads may have read the old set too: systemd queues a second reload behind the first.
 * - One that runs and has a job queued is about to be stopped or restarted: a job of ours could undo that.
 */
export function judgeUnitState({ load, active, hasJob }: UnitState): Reloadable {
  if (active === "activating") return { kind: "later", why: "it is still starting" };
  if (active === "reloading" || active === "refreshing") return { kind: "now" };
  if (active === "active")
    return hasJob ? { kind: "later", why: "systemd has another job for it" } : { kind: "now" };
  return {
    kind: "not-needed",
    why: load === "not-found" ? "there is no such unit" : `it is ${active}`,
  };
}

/** The files that `LoadCredential=` names, from the unit's files as `systemctl cat` prints them. */
export function parseCredentialPaths(text: string): readonly string[] {
  const paths: string[] = [];
  for (const line of text.split("\n")) {
    const value = /^\s*LoadCredential(?:Encrypted)?\s*=\s*(.*?)\s*$/.exec(line)?.[1];
    if (value === "") paths.length = 0;
    else if (value !== undefined) paths.push(value.replace(/^[^:]*:?/, ""));
  }
  return paths.filter((path) => path.startsWith("/"));
}
