/** Those who read a dotenv file, each by its own code. @module */
import { readdirSync } from "node:fs";
import { hasCommand, runCommand } from "./command.ts";

export interface EnvReader {
  readonly name: string;
  /** What keeps it from being asked here. */
  readonly missing: string | false;
  /** Whether it takes values that are not UTF-8. */
  readonly anyBytes: boolean;
  /** The variables of `file`, in the order of `names`. */
  readonly read: (file: string, names: readonly string[]) => Promise<readonly Buffer[]>;
}

const SHARED = findShared();

/** systemd's own parser, which is what EnvironmentFile= is read with. */
const SYSTEMD = `
import ctypes, sys
libc = ctypes.CDLL(None)
libc.fopen.restype = ctypes.c_void_p
shared = ctypes.CDLL(sys.argv[1])
shared.load_env_file.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p]
found = ctypes.POINTER(ctypes.c_char_p)()
code = shared.load_env_file(libc.fopen(sys.argv[2].encode(), b"r"), b"file", ctypes.byref(found))
if code < 0: sys.exit(3)
pairs = {}
for pair in found:
    if pair is None: break
    name, value = pair.split(b"=", 1)
    if shared.env_value_is_valid(value): pairs[name.decode()] = value
for name in sys.argv[3:]: sys.stdout.buffer.write(pairs.get(name, b"(lost)") + b"\\0")
`;

export const ENV_READERS: readonly EnvReader[] = [
  ...["sh", "bash", "dash", "busybox"].map((shell) => ({
    name: shell,
    missing: missing(shell),
    anyBytes: true,
    read: (file: string, names: readonly string[]) => {
      const values = names.map((name) => `"$${name}"`).join(" ");
      const words = shell === "busybox" ? [shell, "sh"] : [shell];
      return asked([...words, "-c", `. "$1" && printf '%s\\0' ${values}`, "sh", file]);
    },
  })),
  {
    name: "systemd",
    missing: missing("python3") || (SHARED === undefined ? "needs libsystemd-shared" : false),
    anyBytes: false,
    read: (file, names) => asked(["python3", "-c", SYSTEMD, SHARED ?? "", file, ...names]),
  },
];

async function asked(argv: readonly string[]): Promise<readonly Buffer[]> {
  const { code, stdout, stderr } = await runCommand(argv);
  if (code !== 0) throw new Error(`ended with ${code}: ${stderr}`);
  const values: Buffer[] = [];
  for (let from = 0; from < stdout.length;) {
    const end = stdout.indexOf(0, from);
    values.push(stdout.subarray(from, end));
    from = end + 1;
  }
  return values;
}

function missing(command: string): string | false {
  return hasCommand([command, "-c", "true"]) ? false : `needs ${command}`;
}

function findShared(): string | undefined {
  for (const folder of ["/usr/lib/systemd", ...multiarch()])
    for (const name of listed(folder))
      if (/^libsystemd-shared-.*\.so$/.test(name)) return `${folder}/${name}`;
  return undefined;
}

function multiarch(): readonly string[] {
  return listed("/usr/lib")
    .filter((name) => name.includes("-linux-"))
    .map((name) => `/usr/lib/${name}/systemd`);
}

function listed(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
