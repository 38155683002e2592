/** `postern get`: one secret to stdout. `bin/postern` answers its plain form. @module */
import { readFileSync } from "node:fs";
import { parseDuration } from "../config/units.ts";
import { PosternError } from "../core/errors.ts";
import { quote } from "../core/names.ts";
import { SecretBytes } from "../core/secret-bytes.ts";
import type { Command, Surroundings } from "./command.ts";
import { pickField } from "./field.ts";
import { parseWord } from "./misuse.ts";
import { refuseTerminal, write } from "./output.ts";
import { findWithin, parseSubject, runDirectory } from "./reading.ts";

export const get: Command = {
  name: "get",
  audience: "recipes and apps",
  summary: "print one secret's exact bytes",
  manual: {
    description: [
      "Prints the exact bytes of one secret, without a newline of its own. The file's owner and mode decide who may: there is no other access control, no daemon is asked, and nothing leaves the host. The plain form is answered by a small shell script at about the cost of cat(1).",
      "A terminal is refused unless --show is given.",
    ],
    consults: ["run directory"],
  },
  add: (parser, surroundings) =>
    parser.command(
      "get <secret>",
      get.summary,
      (options) =>
        options
          .positional("secret", { type: "string", demandOption: true, describe: "GROUP/NAME" })
          .option("field", {
            type: "string",
            requiresArg: true,
            describe: "print one field of a JSON secret: a.b, list.0",
          })
          .option("max-age", {
            type: "string",
            requiresArg: true,
            describe: "fail with 75 if last in step with S3 longer ago (30s, 10m, 1h)",
          })
          .option("wait", {
            type: "string",
            requiresArg: true,
            describe: "wait this long for it to be there",
          })
          .option("show", { type: "boolean", describe: "print to a terminal too" })
          .option("json", {
            type: "boolean",
            describe: "print an object with the value as utf8 or base64",
          })
          .conflicts("json", "field")
          .example("$0 get web/db_password --wait 30s", "wait for the first fetch")
          .example("$0 get web/db.json --field user", "one field of a JSON document"),
      async ({ secret, field, "max-age": maxAge, wait, show = false, json }) => {
        const form: Form = json ? { kind: "json" } : field === undefined ? BYTES : fieldForm(field);
        await printSecret({ secret, form, maxAge, wait, show }, surroundings);
      },
    ),
};

type Form =
  | { readonly kind: "bytes" }
  | { readonly kind: "json" }
  | { readonly kind: "field"; readonly path: string };

const BYTES: Form = { kind: "bytes" };

function fieldForm(path: string): Form {
  return { kind: "field", path };
}

interface Request {
  readonly secret: string;
  readonly form: Form;
  readonly maxAge: string | undefined;
  readonly wait: string | undefined;
  readonly show: boolean;
}

async function printSecret(request: Request, { terminal, clock, cwd }: Surroundings) {
  const subject = parseSubject(request.secret);
  if (subject.secret === undefined) {
    throw new PosternError("Usage", `expected GROUP/NAME, got ${quote(request.secret)}`, {
      hint: `ls ${quote(`${runDirectory(terminal.env, cwd)}/secrets/${subject.group}`)} shows the names`,
    });
  }
  const maxAgeMs =
    request.maxAge === undefined ? undefined : parseWord(parseDuration, request.maxAge);
  const waitMs = request.wait === undefined ? 0 : parseWord(parseDuration, request.wait);
  refuseTerminal(terminal.stdout, request.show);
  const run = runDirectory(terminal.env, cwd);
  const finding = await findWithin({ run, subject, wanted: "value", maxAgeMs }, waitMs, clock);
  if (finding.kind === "missing") throw finding.error;
  const bytes = new SecretBytes(readFileSync(finding.pinned));
  try {
    await write(terminal.stdout, inForm(bytes, request.form, request.secret));
  } finally {
    bytes.wipe();
  }
}

function inForm(bytes: SecretBytes, form: Form, secret: string): string | Uint8Array {
  switch (form.kind) {
    case "bytes":
      return bytes.expose();
    case "json":
      return `${JSON.stringify({ secret, ...encoded(bytes.expose()) })}\n`;
    case "field":
      return fieldOf(bytes.expose(), form.path, secret);
    default:
      return form satisfies never;
  }
}

function encoded(bytes: Buffer): { readonly encoding: "utf8" | "base64"; readonly value: string } {
  const text = bytes.toString("utf8");
  return Buffer.from(text).equals(bytes)
    ? { encoding: "utf8", value: text }
    : { encoding: "base64", value: bytes.toString("base64") };
}

function fieldOf(bytes: Buffer, path: string, secret: string): string {
  const field = pickField(bytes, path);
  switch (field.kind) {
    case "found":
      return field.text;
    case "absent":
      throw new PosternError("NotFound", `no such field ${quote(path)} in secret ${quote(secret)}`);
    case "not-json":
      throw new PosternError("BadData", `secret ${quote(secret)} is not JSON`, {
        hint: "without --field its bytes are printed as they are",
      });
    case "inexact":
      throw new PosternError(
        "BadData",
        `field ${quote(path)} of secret ${quote(secret)} holds an integer beyond 2^53`,
        { hint: "publish it as a string: JSON readers round such numbers" },
      );
    default:
      return field satisfies never;
  }
}
