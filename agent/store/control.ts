/** `control/`: the folder of the daemon's socket. @module */
import { lookUp, ownChild } from "./directory.ts";
import { guarded } from "./fault.ts";
import { obstacle } from "./generation.ts";
import { CONTROL, SOCKET } from "./layout.ts";
import { childOf } from "./target.ts";
import type { Tree } from "./tree.ts";

export interface Control {
  /** Gives the socket that is there now to the control group. */
  giveSocket(): void;
  close(): void;
}

/**
 * Makes the folder, for the running user and the group `gid`, and removes a socket that a dead daemon left.
 * @throws {PosternError} CannotWrite when something else is in its place, or the kernel refuses
 */
export function openControl(tree: Tree, gid: number): Control {
  const { fs, run, uid } = tree;
  const path = `${run.path}/${CONTROL}`;
  return guarded(path, () => {
    const directory = ownChild(fs, run, CONTROL, uid, 0o750);
    try {
      if (fs.stat(directory.fd).gid !== gid) {
        fs.chown(directory.fd, uid, gid);
        fs.chmod(directory.fd, 0o750);
      }
      const kind = lookUp(fs, directory, SOCKET)?.kind;
      // a socket is neither a file nor a folder nor a link
      if (kind !== undefined && kind !== "other") throw obstacle(`${path}/${SOCKET}`);
      if (kind === "other") fs.unlink(childOf(directory, SOCKET));
    } catch (error) {
      fs.close(directory.fd);
      throw error;
    }
    return {
      giveSocket: () => guarded(path, () => fs.lchown(childOf(directory, SOCKET), uid, gid)),
      close: () => fs.close(directory.fd),
    };
  });
}
