/** What `get` and `path` answer, whoever answers: each row a promise. `RUN` stands for the run directory. */
import { quote } from "../../agent/core/names.ts";

export interface Row {
  readonly words: readonly string[];
  readonly code?: number;
  readonly stdout?: string | Buffer;
  readonly stderr?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** The launcher may leave it to the program. */
  readonly rare?: true;
}

export const BYTES: Buffer = Buffer.from([0, 10, 255, 13, 10, 0]);
/** Names that a shell, an option parser or a terminal might take for something else. */
export const ODD_NAMES: readonly string[] = [
  "-n",
  "--",
  "with space",
  "ü/日本",
  'quote"d',
  "it's",
  "$(exit 3)",
  "*",
  "~",
  "a;b",
];

const DURATION = (got: string): string =>
  `postern: invalid duration ${got}: expected a duration such as 500ms, 60s, 5m, 1h or 2d`;
const LONG = "x".repeat(200);
const NAMES = 'postern: hint: ls "RUN/secrets/web" shows the names';
const WAITS = "postern: hint: postern status says why, postern get --wait 30s waits for it";
const WHY = "postern: hint: postern status says why";
const REFUSED = 'expected path segments other than "." and ".."';

export const ROWS: Readonly<Record<string, Row>> = {
  "prints a secret's exact bytes": { words: ["get", "web/bytes"], stdout: BYTES },
  "prints an empty secret": { words: ["get", "web/empty"], stdout: "" },
  "prints a secret in a folder": { words: ["get", "web/tls/site.key"], stdout: "key\n" },
  ...Object.fromEntries(
    ODD_NAMES.map((name): [string, Row] => [
      `takes the name ${name} as it is`,
      { words: ["get", `web/${name}`], stdout: `value of ${name}` },
    ]),
  ),
  "takes options before the name": {
    words: ["get", "--max-age", "1h", "--show", "web/password"],
    stdout: "hunter2",
  },
  "takes options after the name": {
    words: ["get", "web/password", "--show", "--max-age=1h"],
    stdout: "hunter2",
  },
  "lets the last of an option win": {
    words: ["get", "old/password", "--max-age=1s", "--max-age", "99999d"],
    stdout: "hunter2",
  },
  "prints the stable path of a group": { words: ["path", "web"], stdout: "RUN/secrets/web\n" },
  "prints the stable path of a secret": {
    words: ["path", "web/tls/site.key"],
    stdout: "RUN/secrets/web/tls/site.key\n",
  },
  "prints the path at once of what is there, however long it may wait": {
    words: ["path", "--wait", "9m", "web"],
    stdout: "RUN/secrets/web\n",
  },
  "prints the generation's own path": {
    words: ["path", "--pin", "web"],
    stdout: "RUN/groups/web/gen/a1\n",
  },
  "prints a secret's path in its generation": {
    words: ["path", "web/password", "--pin"],
    stdout: "RUN/groups/web/gen/a1/password\n",
  },
  "answers however old the secret is unless asked": {
    words: ["get", "old/password"],
    stdout: "hunter2",
  },

  "says 66 for a secret that is not there": {
    words: ["get", "web/nope"],
    code: 66,
    stderr: ['postern: no such secret "web/nope"', NAMES],
  },
  "says 66 for the path of a group that did not come": {
    words: ["path", "nope", "--wait=1s"],
    code: 66,
    stderr: [
      'postern: no such group "nope"',
      "postern: hint: postern status lists the groups of this host",
    ],
  },
  "says 66 for the path of a secret that is not there": {
    words: ["path", "web/nope"],
    code: 66,
    stderr: ['postern: no such secret "web/nope"', NAMES],
  },
  "says 66 below a file": {
    words: ["get", "web/password/x"],
    code: 66,
    stderr: ['postern: no such secret "web/password/x"', NAMES],
  },
  "says 66 for a folder": {
    words: ["get", "web/tls"],
    code: 66,
    stderr: ['postern: no such secret "web/tls": expected a file, got a folder', NAMES],
  },
  "says 66 for a group that is not there": {
    words: ["get", "nope/password"],
    code: 66,
    stderr: [
      'postern: no such group "nope"',
      "postern: hint: postern status lists the groups of this host",
    ],
  },
  "quotes a name that could change a terminal": {
    words: ["get", 'web/"nope\u202e'],
    code: 66,
    stderr: ['postern: no such secret "web/\\"nope\\u202e"', NAMES],
    rare: true,
  },
  "cuts a name that would fill the screen": {
    words: ["get", `web/${LONG}`],
    code: 66,
    stderr: [`postern: no such secret ${quote(`web/${LONG}`)}`, NAMES],
    rare: true,
  },
  "says 75 for a group that was never swapped in": {
    words: ["get", "made/password"],
    code: 75,
    stderr: ['postern: not ready: group "made" has no generation yet', WAITS],
  },
  "says 75 for a group of which only the state is known": {
    words: ["path", "stated"],
    code: 75,
    stderr: ['postern: not ready: group "stated" has no generation yet', WAITS],
  },
  "says 75 for a group that never was in step": {
    words: ["get", "never/password", "--max-age", "1h"],
    code: 75,
    stderr: ['postern: not fresh: group "never" never was in step with S3', WHY],
  },
  "believes no state that is not a time": {
    words: ["get", "octal/password", "--max-age", "1h"],
    code: 75,
    stderr: ['postern: not fresh: group "octal" never was in step with S3', WHY],
  },
  "says 75 before the first pass": {
    words: ["get", "web/password"],
    env: { POSTERN_RUN: "RUN/absent" },
    code: 75,
    stderr: [
      "postern: not ready: postern has not run on this host yet",
      "postern: hint: run postern fetch, or wait for it with postern get --wait 30s",
    ],
  },
  "says 64 for a group without a name": {
    words: ["get", "web"],
    code: 64,
    stderr: ['postern: expected GROUP/NAME, got "web"', NAMES],
    rare: true,
  },
  "refuses to leave the group": {
    words: ["get", "web/../old/password"],
    code: 64,
    stderr: [`postern: invalid secret name "../old/password": ${REFUSED}`],
    rare: true,
  },
  "refuses a path that only looks like a name": {
    words: ["path", "web/./password"],
    code: 64,
    stderr: [`postern: invalid secret name "./password": ${REFUSED}`],
    rare: true,
  },
  "refuses an unknown unit": {
    words: ["get", "web/password", "--wait", "1y"],
    code: 64,
    stderr: [DURATION('"1y"')],
    rare: true,
  },

  "refuses an empty age, which may be a variable that is not set": {
    words: ["get", "web/password", "--max-age", ""],
    code: 64,
    stderr: [DURATION('""')],
    rare: true,
  },
  "refuses an empty age after an equals sign": {
    words: ["get", "web/password", "--max-age="],
    code: 64,
    stderr: [DURATION('""')],
    rare: true,
  },
  "refuses a number without a unit": {
    words: ["get", "web/password", "--wait", "0"],
    code: 64,
    stderr: [DURATION('"0"')],
    rare: true,
  },

  "is not led astray by IFS": {
    words: ["get", "web/password", "--max-age", "1h"],
    env: { IFS: "0123456789/ " },
    stdout: "hunter2",
  },
  "is not led astray by CDPATH": {
    words: ["path", "web"],
    env: { CDPATH: "/usr:/tmp" },
    stdout: "RUN/secrets/web\n",
  },
  "strips the slash of the run directory": {
    words: ["path", "web"],
    env: { POSTERN_RUN: "RUN/" },
    stdout: "RUN/secrets/web\n",
  },
};

/** Command lines that are misuse, in whatever words. */
export const MISUSES: readonly (readonly string[])[] = [
  ["get", ""],
  ["get", "/"],
  ["get", "/etc/passwd"],
  ["get", "web/"],
  ["get", "web//x"],
  ["get", ".."],
  ["get", "web/x\n"],
  ["get", "web/a\\b"],
  ["get", ".hidden/x"],
  ["get", "we b/x"],
  ["get", "", "web/password"],
  ["get", "web/password", ""],
  ["get", "web/password", "--wait"],
  ["get", "web/password", "--pin"],
  ["path"],
  ["path", "web", "--wait"],
  ["path", "web", "--wait="],
];
