/** What the system's manager says of a unit. @see systemctl(1), show @module */
import { execFile } from "node:child_process";
import { SYSTEM_PATH } from "./command.ts";

/** The unit's properties by name; undefined when there is no manager, or it does not answer. */
export type ShowUnit = (
  unit: string,
  properties: readonly string[],
) => Promise<ReadonlyMap<string, string> | undefined>;

// the manager answers at once, or is in trouble
const TIMEOUT_MS = 5000;

export const showUnit: ShowUnit = (unit, properties) =>
  new Promise((resolve) => {
    const words = ["show", "--no-pager", `--property=${properties.join()}`, "--", unit];
    const options = { env: { PATH: SYSTEM_PATH, LC_ALL: "C" }, timeout: TIMEOUT_MS };
    execFile("systemctl", words, options, (error, stdout) => {
      if (error !== null) resolve(undefined);
      else resolve(parseShown(stdout));
    });
  });

/** Lines of NAME=VALUE; a property that is a list has a line for each entry, which are put into one here. */
export function parseShown(text: string): ReadonlyMap<string, string> {
  const shown = new Map<string, string>();
  for (const line of text.split("\n")) {
    const end = line.indexOf("=");
    if (end === -1) continue;
    const name = line.slice(0, end);
    const value = line.slice(end + 1);
    const before = shown.get(name);
    shown.set(name, before === undefined ? value : `${before}\n${value}`);
  }
  return shown;
}
