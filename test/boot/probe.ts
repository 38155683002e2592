/**
 * Runs within the booted guest as a unit: does what happens to a host in its life, and writes down what came of it.
 * The test outside judges the facts; what cannot be found out in time ends the probe, and is a fact too.
 */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  writeFileSync,
} from "node:fs";
import { setTimeout as delay } from "node:timers/promises";

const REPORT = "/report";
const LONGEST_MS = 40_000;
const POLL_MS = 100;
// two passes and what they bring
const QUIET_MS = 3000;

const facts: Record<string, unknown> = {};
const phase = readFileSync(`${REPORT}/phase`, "utf8");

function note(name: string, fact: unknown): void {
  facts[name] = fact;
  writeFileSync(`${REPORT}/${phase}.json`, JSON.stringify(facts, undefined, 2));
}

/** What a program prints, and nothing when it fails. */
function said(file: string, ...args: readonly string[]): string {
  return run(file, ...args).stdout;
}

function run(
  file: string,
  ...args: readonly string[]
): { readonly code: number; readonly stdout: string } {
  try {
    const stdout = execFileSync(file, args, {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
    });
    return { code: 0, stdout: stdout.trim() };
  } catch (error) {
    const { status, stdout, stderr } = error as { status: number; stdout: string; stderr: string };
    return { code: status, stdout: `${stdout}${stderr}`.trim() };
  }
}

async function until(what: string, holds: () => boolean): Promise<void> {
  const end = Date.now() + LONGEST_MS;
  while (!holds()) {
    if (Date.now() > end) throw new Error(`waited in vain for ${what}`);
    await delay(POLL_MS);
  }
}

function show(unit: string, property: string): string {
  return said("systemctl", "show", "--value", `--property=${property}`, unit);
}

function lines(name: string): readonly string[] {
  const path = `${REPORT}/${name}`;
  return existsSync(path) ? readFileSync(path, "utf8").trim().split("\n") : [];
}

function secret(group: string): string {
  const path = `/run/postern/secrets/${group}/password`;
  return existsSync(path) ? readFileSync(path, "utf8") : "";
}

function rotate(group: string, value: string): void {
  mkdirSync(`/srv/seed/${group}`, { recursive: true });
  writeFileSync("/srv/new", value);
  renameSync("/srv/new", `/srv/seed/${group}/password`);
}

function states(): Readonly<Record<string, string>> {
  const { groups } = JSON.parse(said("postern", "status", "--json")) as {
    readonly groups: readonly { readonly group: string; readonly state: string }[];
  };
  return Object.fromEntries(groups.map(({ group, state }) => [group, state]));
}

/** What is to outlive a reboot: the host's key, as a digest. */
function keyDigest(): string {
  return createHash("sha256").update(readFileSync("/var/lib/postern/host.key")).digest("hex");
}

function configsRead(): number {
  return said("journalctl", "-u", "postern.service", "-g", '"event":"config-read"').split("\n")
    .length;
}

/** Who the app is, and who says that its secrets are there: another process is another word. */
function bystanders(): string {
  return [
    show("app.service", "InvocationID"),
    show("app.service", "MainPID"),
    show("postern-ready@web.service", "InvocationID"),
  ].join(" ");
}

async function hostStarts(): Promise<void> {
  note("running", said("systemctl", "is-system-running", "--wait"));
  await until("the app", () => lines("app").length > 0);
  note("app at boot", lines("app"));
  note("blocked", [show("blocked.service", "ActiveState"), lines("blocked")]);
  note("ready@locked", show("postern-ready@locked.service", "Result"));
  await until("a word on the group that hangs", () => states()["hanging"] !== undefined);
  note("states", states());
  note("boot", said("systemd-analyze", "time"));
}

async function changesAreTold(): Promise<void> {
  rotate("web", "two");
  await until("a reload of the app", () => lines("app").length > 1);
  await delay(QUIET_MS);
  note("app after a change", lines("app"));
  rotate("idle", "two");
  await until("the idle app's secret", () => secret("idle") === "two");
  await delay(QUIET_MS);
  note("idle", [show("idle.service", "ActiveState"), lines("idle")]);
  rotate("outside", "two");
  await until("a command of the configuration", () => lines("outside").length > 0);
  note("outside", lines("outside"));
}

async function daemonComesAndGoes(): Promise<void> {
  const before = bystanders();
  const daemon = (): string => show("postern.service", "MainPID");
  const first = daemon();
  const reload = run("systemctl", "reload", "postern.service").code;
  await until("a configuration that was read anew", () => configsRead() > 1);
  note("same daemon after a reload", reload === 0 && daemon() === first);
  note("says", show("postern.service", "StatusText"));
  said("systemctl", "restart", "postern.service");
  await delay(QUIET_MS);
  note("another daemon after a restart", daemon() !== first);
  const second = daemon();
  process.kill(Number(second), "SIGKILL");
  note("secret without a daemon", said("postern", "get", "web/password"));
  rotate("web", "three");
  await until("the daemon after its death", () => !["0", second].includes(daemon()));
  await until("a reload after its death", () => lines("app").length > 2);
  await delay(QUIET_MS);
  note("app after a death", lines("app"));
  note("bystanders are the same", bystanders() === before);
}

/** Killed at any moment of a change. */
async function daemonDiesOften(): Promise<void> {
  let seen = 0;
  for (let count = 0; count < 8; count += 1) {
    rotate("web", `often ${count}`);
    await delay(count * 130);
    const pid = Number(show("postern.service", "MainPID"));
    if (pid > 1) process.kill(pid, "SIGKILL");
    if (secret("web") !== "") seen += 1;
    said("systemctl", "start", "postern.service");
  }
  note("never without a secret", seen === 8);
  await until("the daemon", () => show("postern.service", "ActiveState") === "active");
  await until("the last change", () => lines("app").at(-1) === "reload often 7");
  await until("health", () => states()["web"] === "fresh");
  note("unfinished", readdirSync("/run/postern/groups/web").toSorted());
}

/** A configuration that asks for more than the shipped unit grants. */
async function confinesAreWidened(): Promise<void> {
  mkdirSync("/etc/app");
  mkdirSync("/etc/postern/conf.d", { recursive: true });
  for (const group of ["placed", "owned"]) rotate(group, "one");
  const groups = {
    placed: { prefix: "placed/", files: { password: { path: "/etc/app/password" } } },
    owned: {
      prefix: "owned/",
      owner: "daemon:daemon",
      on_change: { reload: { signal: "HUP", pidfile: "/run/listener/pid" } },
    },
  };
  writeFileSync("/etc/postern/conf.d/more.yaml", JSON.stringify({ groups }));
  said("systemctl", "reload", "postern.service");
  await delay(QUIET_MS);
  note("goes on with the old configuration", [show("postern.service", "ActiveState"), states()]);
  run("systemctl", "restart", "postern.service");
  await until("a refusal", () => show("postern.service", "ActiveState") === "failed");
  note("refused", show("postern.service", "ExecMainStatus"));
  const { code, stdout } = run("postern", "doctor", "--systemd");
  note("drop-in", [code, ...stdout.split("\n")]);
  mkdirSync("/etc/systemd/system/postern.service.d", { recursive: true });
  writeFileSync("/etc/systemd/system/postern.service.d/postern.conf", `${stdout}\n`);
  said("systemctl", "daemon-reload");
  said("systemctl", "start", "postern.service", "listener.service");
  await until("a covered destination", () => existsSync("/etc/app/password"));
  await until("another user's secret", () => secret("owned") === "one");
  rotate("owned", "two");
  await until("a signal", () => lines("listener").length > 0);
  note("listener", lines("listener"));
  note("placed", readFileSync("/etc/app/password", "utf8"));
  said("systemctl", "stop", "listener.service");
}

async function daemonIsWatched(): Promise<void> {
  const folder = "/run/systemd/system/postern.service.d";
  mkdirSync(folder, { recursive: true });
  writeFileSync(`${folder}/watchdog.conf`, "[Service]\nWatchdogSec=4s\n");
  said("systemctl", "daemon-reload");
  said("systemctl", "restart", "postern.service");
  const pid = show("postern.service", "MainPID");
  await delay(10_000);
  note("alive while it says so", show("postern.service", "MainPID") === pid);
  process.kill(Number(pid), "SIGUSR1");
  await delay(500);
  note("no debugger", !/:2405 /.test(readFileSync("/proc/net/tcp", "latin1")));
  process.kill(Number(pid), "SIGSTOP");
  const isAnother = (): boolean => !["0", pid].includes(show("postern.service", "MainPID"));
  await until("another daemon in place of one that stands still", isAnother);
  note("watchdog", /watchdog timeout/i.test(said("journalctl", "-u", "postern.service")));
}

function confinement(): void {
  const units = ["postern.service", "postern-fetch.service", "postern-ready@web.service"];
  const exposed = units.filter((unit) => {
    const { code, stdout } = run("systemd-analyze", "security", "--threshold=20", unit);
    writeFileSync(`${REPORT}/security-${unit}`, stdout);
    return code !== 0;
  });
  note("exposed", exposed);
  const of = (file: string): string =>
    readFileSync(`/proc/${show("postern.service", "MainPID")}/${file}`, "latin1");
  note("no core", /^Max core file size\s+0\s/m.test(of("limits")));
  note("capabilities", /^CapEff:\s+(\S+)$/m.exec(of("status"))?.[1]);
  note("credential", [run("systemctl", "start", "credential.service").code, lines("credential")]);
}

/** Asks for the power to be cut while a pass is under way, for certain: its check hangs. */
async function powerFails(): Promise<void> {
  note("key", keyDigest());
  rotate("web", "four");
  rotate("hanging", "four");
  const checks = (): string => said("systemctl", "list-units", "--no-legend", "postern-check-*");
  await until("a check under way", () => checks() !== "");
  note("check under way", checks().trim().split(/\s+/)[0]);
  writeFileSync(`${REPORT}/journal`, said("journalctl", "--no-pager", "-b"));
  writeFileSync(`${REPORT}/cut`, "");
  await delay(LONGEST_MS);
}

async function daemonHost(): Promise<void> {
  await hostStarts();
  confinement();
  await changesAreTold();
  await daemonComesAndGoes();
  await daemonDiesOften();
  await confinesAreWidened();
  await daemonIsWatched();
  await powerFails();
}

async function hostAfterPowerCut(): Promise<void> {
  note("running", said("systemctl", "is-system-running", "--wait"));
  await until("the app", () => lines("app").length > 0);
  note("app at boot", lines("app"));
  note("key", keyDigest());
  note("states", states());
  note("state directory", readdirSync("/var/lib/postern").toSorted());
  note("placed", realpathSync("/etc/app/password").startsWith("/run/postern/groups/placed/gen/"));
  said("systemctl", "stop", "postern.service");
  note("secret after the daemon", said("postern", "get", "web/password"));
  note("result", show("postern.service", "Result"));
}

async function unprivilegedHost(): Promise<void> {
  note("running", said("systemctl", "is-system-running", "--wait"));
  await until("the app", () => lines("app").length > 0);
  note("app at boot", lines("app"));
  confinement();
  note(
    "owner",
    said("stat", "--dereference", "--format=%U:%G", "/run/postern/secrets/web/password"),
  );
  note("states", states());
}

async function fetchHost(): Promise<void> {
  note("running", said("systemctl", "is-system-running", "--wait"));
  await until("the app", () => lines("app").length > 0);
  note("app at boot", lines("app"));
  note("fetch", show("postern-fetch.service", "ExecMainStatus"));
  note("fetch again", show("postern-fetch.service", "SubState"));
  note("daemon", show("postern.service", "ActiveState"));
  note("timer", show("postern-fetch.timer", "ActiveState"));
}

const PHASES: Readonly<Record<string, () => Promise<void>>> = {
  daemon: daemonHost,
  "after a power cut": hostAfterPowerCut,
  fetch: fetchHost,
  unprivileged: unprivilegedHost,
};

try {
  await PHASES[phase]?.();
} catch (error) {
  note("error", error instanceof Error ? error.stack : String(error));
}
writeFileSync(`${REPORT}/journal`, said("journalctl", "--no-pager", "-b"));
