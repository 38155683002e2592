/**
 * What tools and editors leave at the ends of a value's lines.
 *
 * postern writes byte for byte what was published: a newline after a password is a part of the password, which
 * some programs trim and others send. Files that are made of lines end in one, and may.
 * @module
 */
import type { Fault } from "./lint-rules.ts";

/** Names of files that are made of lines, be there only one. */
const LINES =
  /(?:^|[./])(?:env|netrc|npmrc|pypirc|pgpass|htpasswd|authorized_keys|known_hosts|pub|conf|cnf|cfg|ini|properties|ya?ml|json[a-z0-9]+|ndjson|toml|hcl|tf|tfvars|xml|csv|sh|js|py|sql|asc|liquid|tmpl|tpl|j2)$/i;

/** Whether a name says that its value is text in lines, of another format than JSON. */
export function isMadeOfLines(name: string): boolean {
  return LINES.test(name);
}

/**
 * @param text not blank
 * @param layout whether the value is of a format to whose readers all white space around is alike (JSON, PEM)
 */
export function judgeText(name: string, text: string, layout: boolean): readonly Fault[] {
  const mark: readonly Fault[] = text.startsWith("\ufeff")
    ? [{ rule: "byte-order-mark", message: "expected text alone, got a byte order mark before it" }]
    : [];
  if (layout) return mark;
  const content = text.replace(/^\ufeff/, "");
  const isLines = isMadeOfLines(name) || content.trim().includes("\n");
  return [...mark, ...(isLines ? judgeLines(content) : judgeLine(content))];
}

/** What PowerShell and Notepad make of text: UTF-16 behind its mark. Random keys may begin like that, and are not Latin. */
export function judgeUtf16(bytes: Buffer): readonly Fault[] {
  const encoding = { fffe: "utf-16le", feff: "utf-16be" }[bytes.toString("hex", 0, 2)];
  if (encoding === undefined) return [];
  const text = new TextDecoder(encoding).decode(bytes);
  if (!/^[\t\n\r\u0020-\u024f]+$/.test(text)) return [];
  return [{ rule: "byte-order-mark", message: "expected UTF-8, got a UTF-16 byte order mark" }];
}

function judgeLine(text: string): readonly Fault[] {
  const faults: Fault[] = [];
  if (text.includes("\r"))
    faults.push({
      rule: "carriage-return",
      message: "expected no carriage return in a single line, got one",
    });
  else if (text.endsWith("\n"))
    faults.push({
      rule: "trailing-newline",
      message: "expected nothing after a single line, got a newline",
    });
  const line = text.replace(/[\r\n]+$/, "");
  if (line.trim() !== line)
    faults.push({
      rule: "surrounding-space",
      message: `expected no white space around the value, got some ${line.trimStart() === line ? "after" : "before"} it`,
    });
  return faults;
}

function judgeLines(text: string): readonly Fault[] {
  const ends = text.split("\n").length - 1;
  const withReturn = text.split("\r\n").length - 1;
  if (withReturn === 0) return [];
  const got = withReturn === ends ? "all" : `${withReturn} of ${ends}`;
  return [{ rule: "crlf-lines", message: `expected lines that end in LF, got CRLF after ${got}` }];
}
