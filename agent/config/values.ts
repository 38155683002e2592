/**
 * The values of the config that are more than one word: owners, modes, paths, credentials, endpoints, how
 * objects are opened, what follows a change.
 * @module
 */
import { isAbsolute, normalize } from "node:path";
import * as v from "valibot";
import { PosternError } from "../core/errors.ts";
import { parseKmsKeyArn, quote } from "../core/names.ts";
import { signalNamed, type TellingSignal } from "../core/signals.ts";
import type {
  CredentialsConfig,
  DecryptConfig,
  EndpointsConfig,
  ListenConfig,
  OwnerConfig,
  ReloadConfig,
  SseConfig,
} from "./config.ts";
import { judgeEndpoint } from "./endpoint.ts";
import {
  closed,
  flag,
  isMapping,
  listOf,
  mappingOf,
  parsed,
  textThat,
  wordOf,
  type Schema,
} from "./shapes.ts";
import { MODE_FORM, parseMode } from "./units.ts";

/** `USER:GROUP`, names or numbers. Both are written: which group a user alone would mean differs from tool to tool. */
export function owner(): Schema<OwnerConfig> {
  const form = 'USER:GROUP in quotes, names or numbers, such as "root:www-data"';
  return parsed(form, (text) => {
    const match = /^([A-Za-z0-9_][\w.@\\-]{0,63}\$?):([A-Za-z0-9_][\w.@\\-]{0,63}\$?)$/.exec(text);
    if (match?.[1] === undefined || match[2] === undefined) throw refuse("owner", text, form);
    return { user: match[1], group: match[2] };
  });
}

/** Bits that a secret's file may have: its owner reads, nobody executes, only its owner ever writes. */
export function secretMode(): Schema<number> {
  return parsed(MODE_FORM, (text) => {
    const mode = parseMode(text);
    if ((mode & 0o7000) !== 0)
      throw refuse("mode", text, "a mode without setuid, setgid or sticky bit");
    if ((mode & 0o111) !== 0) throw refuse("mode", text, "a mode without execute permission");
    if ((mode & 0o022) !== 0)
      throw refuse("mode", text, "a mode without write permission for group and others");
    if ((mode & 0o400) === 0)
      throw refuse("mode", text, "a mode with read permission for the owner");
    return mode;
  });
}

/** An absolute path, normalised: "/run//postern/" is "/run/postern". */
export function absolutePath(): Schema<string> {
  return parsed("an absolute path", (text) => {
    // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
    if (!isAbsolute(text) || /[\u0000-\u001f\u007f]/.test(text) || Buffer.byteLength(text) > 4000)
      throw refuse("path", text, "an absolute path without control characters");
    const path = normalize(text);
    return path.length > 1 && path.endsWith("/") ? path.slice(0, -1) : path;
  });
}

export function credentials(): Schema<CredentialsConfig> {
  const profile = v.pipe(
    closed({ profile: textThat("a profile's name", (text) => text !== "") }),
    v.transform(({ profile }) => ({ from: "profile" as const, profile })),
  );
  const source = v.pipe(
    wordOf(["instance", "environment", "container", "web-identity"]),
    v.transform((from) => ({ from })),
  );
  return v.lazy((input): Schema<CredentialsConfig> => (isMapping(input) ? profile : source));
}

export function endpoints(): Schema<EndpointsConfig> {
  const environment = v.pipe(
    wordOf(["environment"]),
    v.transform(() => ({ kind: "environment" as const, pathStyle: false })),
  );
  const explicit = v.pipe(
    v.lazy((input) => {
      const insecure = isMapping(input) && input["insecure"] === true;
      const url = parsed("a URL", (text) => judgeEndpoint(text, insecure));
      return closed({
        s3: v.exactOptional(url),
        kms: v.exactOptional(url),
        imds: v.exactOptional(url),
        path_style: v.exactOptional(flag()),
        insecure: v.exactOptional(flag()),
      });
    }),
    v.transform((given) => ({
      kind: "explicit" as const,
      s3: given.s3,
      kms: given.kms,
      imds: given.imds,
      pathStyle: given.path_style ?? false,
    })),
  );
  return v.lazy((input): Schema<EndpointsConfig> => (isMapping(input) ? explicit : environment));
}

export function decrypt(): Schema<DecryptConfig> {
  return v.pipe(
    closed({
      mode: wordOf(["none", "kms", "envelope"]),
      keys: v.exactOptional(listOf(parsed("a key ARN", parseKmsKeyArn))),
      context: v.exactOptional(
        mappingOf(
          parseContextName,
          textThat("a string", () => true),
        ),
      ),
      bind: v.exactOptional(wordOf(["key", "none"])),
    }),
    v.rawTransform(({ dataset, addIssue, NEVER }): DecryptConfig => {
      const { mode, keys, context, bind = "key" } = dataset.value;
      if (mode === "none") {
        const extra = keys ?? context ?? dataset.value.bind;
        if (extra === undefined) return { mode };
        addIssue({
          message: "expected mode none to stand alone, got keys, context or bind beside it",
        });
        return NEVER;
      }
      const bound = context?.find(([name]) => name.startsWith("postern:"))?.[0];
      if (keys === undefined) {
        addIssue({ message: `expected keys: at least one key ARN with mode ${mode}, got none` });
      } else if (bind === "none" && context === undefined) {
        addIssue({
          message: "expected an explicit context with bind none ({} for none), got nothing",
        });
      } else if (bind === "key" && bound !== undefined) {
        addIssue({
          message: `expected no context name that starts with "postern:" with bind key, got ${quote(bound)}`,
        });
      } else return { mode, keys, bind, context: Object.fromEntries(context ?? []) };
      return NEVER;
    }),
  );
}

/** Bucket policies compare the key as text, so it has to be a whole ARN. */
export function sse(): Schema<SseConfig> {
  return v.pipe(
    closed({
      type: wordOf(["s3", "kms", "dsse"]),
      key: v.exactOptional(parsed("a key ARN", parseKmsKeyArn)),
    }),
    v.rawTransform(({ dataset, addIssue, NEVER }): SseConfig => {
      const { type, key } = dataset.value;
      if (type === "s3" && key === undefined) return { type };
      if (type !== "s3" && key !== undefined) return { type, key };
      addIssue({
        message:
          type === "s3"
            ? "expected no key with type s3, got one"
            : `expected key: a key ARN with type ${type}, got none`,
      });
      return NEVER;
    }),
  );
}

/** A program and its arguments; never a shell's line. */
export function argv(): Schema<string[]> {
  return listOf(textThat("a string without NUL", (text) => text !== "" && !text.includes("\0")));
}

export function reload(): Schema<ReloadConfig> {
  return v.pipe(
    closed({
      unit: v.exactOptional(textThat("a unit's name such as nginx.service", isUnitName)),
      action: v.exactOptional(wordOf(["reload", "restart"])),
      signal: v.exactOptional(parsed("a signal such as HUP", parseSignal)),
      pidfile: v.exactOptional(absolutePath()),
      command: v.exactOptional(argv()),
    }),
    v.rawTransform(({ dataset, addIssue, NEVER }): ReloadConfig => {
      const { unit, action, signal, pidfile, command } = dataset.value;
      const rest = [action, signal, pidfile, command].filter((value) => value !== undefined);
      if (unit !== undefined && rest.length === (action === undefined ? 0 : 1))
        return { kind: "unit", unit, action: action ?? "reload" };
      if (signal !== undefined && pidfile !== undefined && rest.length === 2 && unit === undefined)
        return { kind: "signal", signal, pidfile };
      if (command !== undefined && rest.length === 1 && unit === undefined)
        return { kind: "command", argv: command };
      addIssue({
        message: "expected unit (with action), signal with pidfile, or command, got another choice",
      });
      return NEVER;
    }),
  );
}

/** The Encryption SDK keeps names that start with "aws-crypto-" for itself. */
function parseContextName(text: string): string {
  if (text === "" || text.startsWith("aws-crypto-"))
    throw refuse("name", text, 'a name that does not start with "aws-crypto-"');
  return text;
}

// systemd.unit(5): ASCII letters, digits, ":", "-", "_", ".", "\" and "@" for instances; a dash first would be an option
function isUnitName(text: string): boolean {
  return /^[A-Za-z0-9:_.\\@][A-Za-z0-9:_.\\@-]*\.[a-z]+$/.test(text) && text.length <= 255;
}

function parseSignal(text: string): TellingSignal {
  const signal = signalNamed(text);
  if (signal === undefined) throw refuse("signal", text, "one that tells a program something");
  return signal;
}

/** The name or number of a group of the system's. */
export function controlGroup(): Schema<string> {
  return textThat("a group's name or number in quotes", (text) =>
    /^[A-Za-z0-9_][\w.@\\-]{0,63}\$?$/.test(text),
  );
}

/** An address that nothing outside this host can reach, and a port. */
export function loopback(): Schema<ListenConfig> {
  const form = 'a loopback address and a port, such as "127.0.0.1:9464"';
  return parsed(form, (text) => {
    const match = /^(127\.\d{1,3}\.\d{1,3}\.\d{1,3}|localhost|\[::1\]):(\d{1,5})$/.exec(text);
    const port = Number(match?.[2]);
    if (match?.[1] === undefined || port < 1 || port > 65_535) throw refuse("listen", text, form);
    return { host: match[1].replace(/^\[|\]$/g, ""), port };
  });
}

function refuse(what: string, text: string, expected: string): PosternError {
  return new PosternError("ConfigInvalid", `invalid ${what} ${quote(text)}: expected ${expected}`);
}
