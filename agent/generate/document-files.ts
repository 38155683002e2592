/**
 * The documents that modules and templates bring along, as they are in the folder of JSON.
 * @module
 */
import type { Deployment } from "../policy/deployment.ts";
import { deploymentFiles, type DocumentFile, INDEX } from "./files.ts";

/**
 * Every policy of `deployment`, in the order of the paths: without the index, and the settings of buckets, which are no policy.
 * @throws {PosternError} Internal when two would be one file
 */
export function policyFiles(deployment: Deployment): readonly DocumentFile[] {
  const isSettings = (path: string): boolean => /^bucket\/[^/]+\.settings\.json$/.test(path);
  return deploymentFiles(deployment).filter(({ path }) => path !== INDEX && !isSettings(path));
}
