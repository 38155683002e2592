/**
 * Where programs named without a slash are looked for, whatever the environment says: the running user's own
 * PATH could name programs of others. The last is NixOS's.
 */
export const SEARCH_PATH = "/usr/sbin:/usr/bin:/sbin:/bin:/run/current-system/sw/bin";
