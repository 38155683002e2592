import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { der, makeCertificate, makeRequest, pem } from "../support/certificate.ts";
import { type Circumstances, findingsOf, NOW, rulesOf } from "../support/linting.ts";
import type { Group } from "../support/rendering.ts";
import { tempDir } from "../support/temp.ts";

const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey;
const ec = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;
const ed = generateKeyPairSync("ed25519").privateKey;
const LOCK = { cipher: "aes-256-cbc", passphrase: "canary" } as const;

const pkcs8 = (key: KeyObject): string => key.export({ type: "pkcs8", format: "pem" }).toString();
const spki = pem(
  "PUBLIC KEY",
  generateKeyPairSync("ed25519").publicKey.export({ type: "spki", format: "der" }),
);
const certificate = (key: KeyObject, from = "2030-01-01T00:00:00Z", to = "2031-01-01T00:00:00Z") =>
  pem("CERTIFICATE", makeCertificate(key, { from, to }));

const OPENSSH = Buffer.concat([Buffer.from("openssh-key-v1\0"), Buffer.alloc(120, 7)]);
/** PKCS #8 of an algorithm that no OpenSSL knows: 1.2.3.4. */
const FOREIGN = der(
  0x30,
  Buffer.from("020100", "hex"),
  der(0x30, Buffer.from("06032a0304", "hex")),
  der(0x04, Buffer.alloc(32)),
);

const SOUND: readonly (readonly [why: string, text: string | Buffer, name?: string])[] = [
  ["a key", pkcs8(rsa)],
  ["a key of PKCS #1", rsa.export({ type: "pkcs1", format: "pem" })],
  ["a key of SEC 1", ec.export({ type: "sec1", format: "pem" })],
  ["a key of Ed25519", pkcs8(ed)],
  ["an encrypted key", rsa.export({ type: "pkcs8", format: "pem", ...LOCK })],
  ["a key encrypted in the old way", rsa.export({ type: "pkcs1", format: "pem", ...LOCK })],
  ["a key of an algorithm to come", pem("PRIVATE KEY", FOREIGN)],
  ["OpenSSH's key", pem("OPENSSH PRIVATE KEY", OPENSSH)],
  ["a public key", spki],
  ["a certificate", certificate(rsa)],
  ["a chain", certificate(rsa) + certificate(ec)],
  ["a chain with words between", `subject=t\n${certificate(rsa)}\nissuer=Bär\n${certificate(ec)}`],
  ["words that are not UTF-8", Buffer.from(`Bär\n${certificate(rsa)}`, "latin1")],
  ["a request", pem("CERTIFICATE REQUEST", makeRequest(ec))],
  ["CRLF, which RFC 7468 allows", certificate(rsa).replaceAll("\n", "\r\n")],
  ["no newline at its end", certificate(rsa).trimEnd()],
  [
    "lines of any length",
    certificate(rsa)
      .replaceAll(/\n(?!-)/g, "")
      .replace("E-----", "E-----\n"),
  ],
  ["an unknown label", "-----BEGIN PGP MESSAGE-----\n\nnot base64!\n-----END PGP MESSAGE-----\n"],
  ["an unknown label without an end", "-----BEGIN DH PARAMETERS-----\nMII\n"],
  ["parameters before a key", `${pem("EC PARAMETERS", Buffer.from([6, 0]))}${pkcs8(ec)}`],
  ["a key in YAML", `key: |\n${pkcs8(rsa).replaceAll(/^/gm, "  ")}`],
  ["a key in JSON", JSON.stringify({ key: pkcs8(rsa) })],
  ["DER by its name", makeCertificate(rsa, { from: NOW, to: "2031-01-01T00:00:00Z" }), "site.cer"],
  ["PKCS #7 by its name", der(0x30, Buffer.alloc(4)), "site.cer"],
  ["a key's name without a key", "sk_live_4eC39HqLyjWDarjtT1zdp7dc", "stripe.key"],
];

const key = pkcs8(ec);
const BROKEN: readonly (readonly [why: string, text: string, message: RegExp, name?: string])[] = [
  ["no end", key.replace(/-----END.*\n/, ""), /an END line of PRIVATE KEY, got none/],
  [
    "no beginning",
    key.replace(/-----BEGIN.*\n/, ""),
    /a BEGIN line before .* PRIVATE KEY, got none/,
  ],
  ["another end", key.replace("END PRIVATE", "END PUBLIC"), /END line of PRIVATE KEY, got that of/],
  ["a second beginning", key.replace(/-----END.*\n/, "") + spki, /an END line of PRIVATE KEY/],
  [
    "four dashes",
    key.replace("KEY-----\nM", "KEY----\nM"),
    /-----BEGIN PRIVATE KEY----- on a line/,
  ],
  ["spaces for newlines", key.replaceAll("\n", " ").trim(), /BEGIN PRIVATE KEY----- on a line/],
  ["nothing between", pem("PRIVATE KEY", Buffer.alloc(0)), /base64 in PRIVATE KEY/],
  ["other characters", key.replace(/\nM.{3}/, "\nM!!!"), /base64 in PRIVATE KEY/],
  ["a character lost", key.replace(/\nM./, "\nM"), /base64 in PRIVATE KEY/],
  ["a line lost", key.replace(/\nM.*\n/, "\n"), /what PRIVATE KEY says, got other bytes/],
  [
    "a certificate said to be a key",
    certificate(ec).replaceAll("CERTIFICATE", "PRIVATE KEY"),
    /says/,
  ],
  ["a key said to be a certificate", key.replaceAll("PRIVATE KEY", "CERTIFICATE"), /says/],
  [
    "PKCS #1 said to be PKCS #8",
    pem("PRIVATE KEY", rsa.export({ type: "pkcs1", format: "der" })),
    /what PRIVATE KEY says/,
  ],
  [
    "PKCS #8 said to be PKCS #1",
    pem("RSA PRIVATE KEY", rsa.export({ type: "pkcs8", format: "der" })),
    /says/,
  ],
  [
    "a key of no curve",
    pem("PRIVATE KEY", der(0x30, Buffer.from("020100300d06072a8648ce3d020106022a030401ff", "hex"))),
    /says/,
  ],
  ["OpenSSH's key without its magic", pem("OPENSSH PRIVATE KEY", Buffer.alloc(50)), /says/],
  ["an encrypted key that is none", pem("ENCRYPTED PRIVATE KEY", Buffer.alloc(9)), /says/],
  [
    "a certificate's name alone",
    "MIIBszCCAVmgAwIBAgIUf",
    /a BEGIN line, as the name says/,
    "a.crt",
  ],
];

const GLUED = certificate(rsa).trimEnd() + certificate(ec);

describe("lint of PEM", () => {
  for (const [why, text, name = "v"] of SOUND)
    it(`says nothing of ${why}`, () => assert.deepEqual(rulesOf({ [name]: text }), []));

  for (const [why, text, message, name = "v"] of BROKEN)
    it(`finds ${why}`, () => {
      const findings = findingsOf({ [name]: text });
      assert.deepEqual(
        findings.map(({ rule }) => rule),
        ["broken-pem"],
      );
      assert.match(findings[0]?.message ?? "", message);
    });

  it("finds what cat makes of files without a newline, once", () => {
    const [finding, ...more] = findingsOf({ "chain.pem": GLUED });
    assert.match(finding?.message ?? "", /-----END CERTIFICATE----- on a line of its own/);
    assert.deepEqual(more, []);
  });

  for (const [why, text] of [
    ["a key in one line, its newlines spelled out", key.replaceAll("\n", "\\n")],
    ["one in quotes", JSON.stringify(key)],
  ] as const)
    it(`warns of ${why}`, () => assert.deepEqual(rulesOf({ v: text }), ["escaped-pem v"]));
});

/** Every form in which OpenSSL writes what people publish. */
const OPENSSL = `
openssl req -x509 -newkey rsa:2048 -nodes -keyout rsa.key -out rsa.crt -days 365 -subj /CN=a
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:secp384r1 -nodes -keyout ec-key.pem -out ec-cert.pem -days 365 -subj /CN=b
openssl ecparam -genkey -name prime256v1 -out with-parameters.key
openssl ecparam -genkey -name prime256v1 -noout -param_enc explicit -out explicit.key
openssl genpkey -algorithm ed448 -out ed448.key
openssl genpkey -algorithm rsa-pss -pkeyopt rsa_keygen_bits:2048 -out pss.key
openssl dsaparam -genkey -noout -out dsa.key 1024
openssl rsa -in rsa.key -aes256 -passout pass:x -traditional -out old.key
openssl rsa -in rsa.key -aes256 -passout pass:x -out encrypted.key
openssl req -new -key rsa.key -subj /CN=a -out rsa.csr
openssl x509 -in rsa.crt -text -out text.crt
openssl x509 -in rsa.crt -outform DER -out der.cer
openssl crl2pkcs7 -nocrl -certfile rsa.crt -out pkcs7.pem
openssl crl2pkcs7 -nocrl -certfile rsa.crt -outform DER -out pkcs7.cer
openssl rsa -in rsa.key -pubout -out public.pem
openssl pkcs12 -export -inkey rsa.key -in rsa.crt -passout pass:x -out site.p12
openssl pkcs12 -in site.p12 -passin pass:x -nodes -out bag.pem
`;
const withoutOpenssl =
  spawnSync("openssl", ["version"]).status === 0 ? false : "openssl is not on this machine";

describe("lint of what OpenSSL makes", { skip: withoutOpenssl }, () => {
  it("says nothing", () => {
    const cwd = tempDir();
    const made = spawnSync("sh", ["-ec", OPENSSL], { cwd, encoding: "utf8" });
    assert.equal(made.status, 0, made.stderr);
    const files = readdirSync(cwd).map((name) => [name, readFileSync(join(cwd, name))] as const);
    assert.ok(files.length > 17);
    assert.deepEqual(rulesOf(Object.fromEntries(files), { now: new Date().toISOString() }), []);
  });
});

describe("lint of a certificate's dates", () => {
  const dated = certificate(ec, "2030-01-01T00:00:00Z", "2030-07-01T00:00:00Z");
  for (const [why, now, rules] of [
    ["in the second before it begins", "2029-12-31T23:59:59Z", ["future-certificate c"]],
    ["when it begins", "2030-01-01T00:00:00Z", []],
    ["more than 14 days before it expires", "2030-06-16T23:59:59Z", []],
    ["14 days before it expires", "2030-06-17T00:00:00Z", ["expiring-certificate c"]],
    ["in its last second", "2030-07-01T00:00:00Z", ["expiring-certificate c"]],
    ["in the second after", "2030-07-01T00:00:01Z", ["expired-certificate c"]],
  ] as const)
    it(`judges ${why}`, () => assert.deepEqual(rulesOf({ c: dated }, { now }), rules));

  it("judges each of a chain, and says which", () => {
    const old = certificate(ec, "2020-01-01T00:00:00Z", "2029-01-01T00:00:00Z");
    assert.deepEqual(
      findingsOf({ c: certificate(rsa) + old }).map(({ message }) => message),
      ["expected a certificate in force, got number 2 of 2, which expired 2029-01-01T00:00:00Z"],
    );
  });

  it("lets roots rest among others, and tells of those that have expired", () => {
    const root = (from: string, to: string): string =>
      pem("CERTIFICATE", makeCertificate(ec, { from, to }, true));
    const old = root("2000-01-01T00:00:00Z", "2029-01-01T00:00:00Z");
    const ending = root("2000-01-01T00:00:00Z", "2030-06-20T00:00:00Z");
    assert.deepEqual(rulesOf({ "ca-bundle.crt": ending + old }), ["expired-root ca-bundle.crt"]);
    assert.deepEqual(rulesOf({ "site.crt": certificate(ec) + old }), ["expired-root site.crt"]);
    assert.deepEqual(rulesOf({ "ca.crt": old }), ["expired-certificate ca.crt"]);
  });

  it("reads a certificate in DER", () => {
    const bytes = makeCertificate(ec, { from: "2020-01-01T00:00:00Z", to: "2029-01-01T00:00:00Z" });
    assert.deepEqual(rulesOf({ "site.cer": bytes }), ["expired-certificate site.cer"]);
    assert.deepEqual(rulesOf({ site: bytes }), []);
  });

  it("takes one without an end for valid", () =>
    assert.deepEqual(
      rulesOf({ c: certificate(ec, "2030-01-01T00:00:00Z", "9999-12-31T23:59:59Z") }),
      [],
    ));
});

describe("lint of a key and its certificate", () => {
  const PAIRS = [
    ["site.key", "site.crt"],
    ["site.key", "site.pem"],
    ["site.key", "site.cert"],
    ["site.key", "site.cer"],
    ["tls/tls.key", "tls/tls.crt"],
    ["privkey.pem", "fullchain.pem"],
    ["live/a/privkey.pem", "live/a/cert.pem"],
    ["privkey2.pem", "fullchain2.pem"],
    ["key.pem", "cert.pem"],
    ["web-key.pem", "web-cert.pem"],
    ["web-key.pem", "web.pem"],
    ["web.key.pem", "web.cert.pem"],
    ["www.acme.com.key", "www.acme.com.crt"],
  ] as const;
  for (const [ofKey, ofCertificate] of PAIRS)
    it(`takes ${ofKey} and ${ofCertificate} for a pair`, () => {
      const pair = (one: KeyObject): Group => ({
        [ofKey]: pkcs8(one),
        [ofCertificate]: certificate(rsa),
      });
      assert.deepEqual(rulesOf(pair(rsa)), []);
      assert.deepEqual(rulesOf(pair(ec)), [`key-mismatch ${ofKey}`]);
    });

  const ROWS: readonly (readonly [
    why: string,
    group: Group,
    circumstances: Circumstances,
    rules: readonly string[],
  ])[] = [
    ["another folder's", { "a/x.key": pkcs8(rsa), "b/x.crt": certificate(ec) }, {}, []],
    ["another site's", { "x.key": pkcs8(rsa), "y.crt": certificate(ec) }, {}, []],
    [
      "an encrypted key, which nobody can compare",
      {
        "x.key": ec.export({ type: "pkcs8", format: "pem", ...LOCK }),
        "x.crt": certificate(rsa),
      },
      {},
      [],
    ],
    ["a key that is no PEM", { "x.key": "sk_live_51H", "x.crt": certificate(rsa) }, {}, []],
    ["one file with both", { "x.pem": pkcs8(rsa) + certificate(rsa) }, {}, []],
    [
      "one file with both, in any order",
      { v: certificate(ec) + certificate(rsa) + pkcs8(rsa) },
      {},
      [],
    ],
    ["one file with another's", { v: certificate(ec) + pkcs8(rsa) }, {}, ["key-mismatch v"]],
    [
      "a chain whose first is the key's",
      { "x.key": pkcs8(rsa), "x.crt": certificate(rsa) + certificate(ec) },
      {},
      [],
    ],
    [
      "a chain whose last is the key's",
      { "x.key": pkcs8(rsa), "x.crt": certificate(ec) + certificate(rsa) },
      {},
      ["key-mismatch x.key"],
    ],
    [
      "a new key beside the old certificate",
      { "x.key": pkcs8(rsa), "x.crt": certificate(ec) },
      { written: ["x.key"] },
      ["key-mismatch x.key"],
    ],
    [
      "a new certificate beside the old key",
      { "x.key": pkcs8(rsa), "x.crt": certificate(ec) },
      { written: ["x.crt"] },
      ["key-mismatch x.crt"],
    ],
    [
      "neither, when neither is written",
      { "x.key": pkcs8(rsa), "x.crt": certificate(ec), y: "v" },
      { written: ["y"] },
      [],
    ],
    [
      "an expired certificate that is there already",
      { "x.key": pkcs8(rsa), "x.crt": certificate(rsa, NOW, NOW) },
      { written: ["x.key"], now: "2031-01-01T00:00:00Z" },
      [],
    ],
  ];
  for (const [why, group, circumstances, rules] of ROWS)
    it(`judges ${why}`, () => assert.deepEqual(rulesOf(group, circumstances), rules));

  it("names the other of the two", () => {
    const group = { "x.key": pkcs8(rsa), "x.crt": certificate(ec) };
    const said = (written: string): readonly string[] =>
      findingsOf(group, { written: [written] }).map(({ message }) => message);
    assert.deepEqual(said("x.key"), [`expected the private key of "x.crt", got another's`]);
    assert.deepEqual(said("x.crt"), [`expected the certificate of "x.key", got another's`]);
  });
});
