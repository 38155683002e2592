import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { destinationFolders, destinationsOf } from "../../agent/config/destinations.ts";
import { configOf, HEAD } from "../support/parsed-config.ts";

const CONFIG = configOf(`${HEAD}groups:
  a:
    prefix: a/
    files:
      key: { path: /etc/nginx/key, as: copy, on_disk: true }
      crt: { path: /etc/nginx/crt, replace: true }
    render: [{ path: a.env, format: dotenv }, { path: /etc/app/b.json, format: json }]
  b: { prefix: b/ }
  c: { prefix: c/, files: { key: { path: /key } } }
`);

describe("a group's destinations", () => {
  it("are its files in order, then what is rendered for paths elsewhere", () => {
    const [group] = CONFIG.groups;
    const link = { as: "link", replace: false, onDisk: false };
    assert.deepEqual(group && destinationsOf(group), [
      { path: "/etc/nginx/key", name: "key", as: "copy", replace: false, onDisk: true },
      { path: "/etc/nginx/crt", name: "crt", as: "link", replace: true, onDisk: false },
      { path: "/etc/app/b.json", name: ".postern/etc/app/b.json", ...link },
    ]);
  });

  it("name the folders that must be writable", () => {
    assert.deepEqual(destinationFolders(CONFIG), ["/", "/etc/app", "/etc/nginx"]);
    assert.deepEqual(destinationFolders({ groups: [] }), []);
  });
});
