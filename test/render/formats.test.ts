import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import fc from "fast-check";
import { parse } from "yaml";
import { hasCommand, runCommand } from "../support/command.ts";
import { refusedAs } from "../support/refusal.ts";
import { rendered } from "../support/rendering.ts";
import { tempDir } from "../support/temp.ts";

const HARD: Readonly<Record<string, string>> = {
  empty: "",
  space: " ",
  "a key": "with spaces ",
  "a:b": "c: d # e",
  "a=b": "=!#:",
  no: "no",
  __proto__x: "p",
  number: "0440",
  lines: "one\ntwo\n\n",
  long: `${"word ".repeat(40)}\n${"x".repeat(200)}`,
  controls: Array.from({ length: 0xa1 }, (_, index) => String.fromCharCode(index)).join(""),
  breaks: "a\u0085b\u2028c\u2029d\ufeffe\ufffef\uffff",
  mark: "\ufefffirst",
  quotes: `'"\\\\ \\n $(id) \`id\``,
  "tls/日本.key": "naïve 日本 🗝",
  [`long/${"n".repeat(250)}/${"o".repeat(250)}/${"p".repeat(250)}/${"q".repeat(250)}`]: "name",
};

const PYTHON = `
import json, sys, yaml
print(json.dumps(yaml.safe_load(open(sys.argv[1], encoding="utf-8"))))
`;
const JAVA = `
import java.io.*; import java.nio.charset.*; import java.nio.file.*; import java.util.*;
class Read { public static void main(String[] args) throws IOException {
  for (int way = 0; way < 2; way++) {
    Properties found = new Properties();
    if (way == 0) found.load(Files.newInputStream(Path.of(args[0])));
    else found.load(Files.newBufferedReader(Path.of(args[0]), StandardCharsets.UTF_8));
    StringBuilder out = new StringBuilder();
    for (String name : found.stringPropertyNames())
      out.append(hex(name)).append(' ').append(hex(found.getProperty(name))).append('\\n');
    System.out.println(out);
  } }
  static String hex(String text) { return "x" + HexFormat.of().formatHex(text.getBytes(StandardCharsets.UTF_8)); }
}
`;
const hasYaml =
  hasCommand(["python3", "--version"]) &&
  (await runCommand(["python3", "-c", "import yaml"])).code === 0;

const texts = fc.dictionary(
  fc.constantFrom("a", "b", "c/d", "e f", "size", "__proto__", "constructor", "1"),
  fc.string({ unit: "binary" }),
);

describe("a file made from a group", () => {
  const temp = tempDir();

  for (const [format, read] of [
    ["json", (text: string): unknown => JSON.parse(text)],
    ["yaml", (text: string): unknown => parse(text)],
  ] as const) {
    it(`holds every value as ${format} that its readers read back`, async () => {
      assert.deepEqual(read((await rendered(format, HARD)).toString()), HARD);
      await fc.assert(
        fc.asyncProperty(texts, async (group) => {
          const found = read((await rendered(format, group)).toString());
          assert.deepEqual(
            new Map(Object.entries(found as object)),
            new Map(Object.entries(group)),
          );
        }),
      );
    });

    it(`is refused as ${format} where a value is not text`, async () => {
      const group = { sound: "a", odd: Buffer.from([0xff, 0xfe]) };
      await assert.rejects(
        rendered(format, group),
        refusedAs("BadData", /expected UTF-8 in "odd"$/),
      );
    });
  }

  it("is read by Python's YAML", { skip: hasYaml ? false : "needs PyYAML" }, async () => {
    const file = join(temp, "hard.yaml");
    writeFileSync(file, await rendered("yaml", HARD));
    const { stdout, stderr } = await runCommand(["python3", "-c", PYTHON, file]);
    assert.equal(stderr, "");
    assert.deepEqual(JSON.parse(stdout.toString()), HARD);
  });

  it(
    "is read by Java's Properties from a stream and from a reader",
    { skip: hasCommand(["javac", "--version"]) ? false : "needs a JDK" },
    async () => {
      const [file, source] = [join(temp, "hard.properties"), join(temp, "Read.java")];
      writeFileSync(file, await rendered("properties", HARD));
      writeFileSync(source, JAVA);
      const { stdout, stderr } = await runCommand(["java", source, file]);
      const hex = (text: string): string => `x${Buffer.from(text).toString("hex")}`;
      const lines = Object.entries(HARD).map(([name, value]) => `${hex(name)} ${hex(value)}`);
      const found = stdout.toString().trimEnd().split("\n\n");
      assert.equal(found.length, 2, stderr);
      for (const one of found) assert.deepEqual(one.split("\n").sort(), lines.sort());
    },
  );

  it("has a line for each secret as YAML, however long and of how many lines its value is", async () => {
    const text = (await rendered("yaml", { a: `${"word".repeat(50)}\nend\n`, b: "" })).toString();
    assert.equal(text, `"a": "${"word".repeat(50)}\\nend\\n"\n"b": ""\n`);
  });

  it("is the same whatever order the secrets came in", async () => {
    for (const format of ["json", "yaml", "properties", "dotenv"] as const)
      assert.deepEqual(
        await rendered(format, { b: "2", a: "1" }),
        await rendered(format, { a: "1", b: "2" }),
      );
  });
});
