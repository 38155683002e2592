import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { FAULT_FORMS, parseFault } from "../../agent/cli/sandbox-faults.ts";
import type { FaultRule } from "../../agent/sandbox/faults.ts";

const ACCEPTED: readonly (readonly [text: string, rule: FaultRule])[] = [
  ["503", { kind: "503" }],
  ["s3=503", { kind: "503", service: "s3" }],
  ["imds=hang*2", { kind: "hang", service: "imds", times: 2 }],
  [
    "s3.GetObject=truncate:10",
    { kind: "truncate", bytes: 10, service: "s3", operation: "GetObject" },
  ],
  ["kms=latency:200ms", { kind: "latency", ms: 200, service: "kms" }],
  ["clock-skew:20m", { kind: "clock-skew", ms: 1_200_000 }],
  ["clock-skew:-20m*1", { kind: "clock-skew", ms: -1_200_000, times: 1 }],
  ["expired-credentials", { kind: "expired-credentials" }],
];

const REFUSED: readonly (readonly [why: string, text: string, said: RegExp])[] = [
  ["nothing", "", /expected \[SERVICE/],
  ["a kind that is none", "s3=frob", /expected one of throttle, 500/],
  ["a service that is none", "ec2=503", /expected one of s3, kms, imds before "=", got "ec2"/],
  ["an amount where none is", "s3=503:4", /expected nothing after 503/],
  ["no amount of bytes", "s3=truncate", /expected a number of bytes/],
  ["no duration", "s3=latency:5", /expected a duration, such as latency:200ms/],
  ["a latency before the request", "s3=latency:-5s", /expected a duration/],
  ["no number of times", "s3=503*x", /expected \[SERVICE/],
];

describe("--fault", () => {
  for (const [text, rule] of ACCEPTED) {
    it(`understands ${text}`, () => assert.deepEqual(parseFault(text), rule));
  }
  for (const [why, text, said] of REFUSED) {
    it(`refuses ${why}`, () => {
      assert.throws(() => parseFault(text), { code: "Usage", message: said });
    });
  }

  for (const form of FAULT_FORMS)
    it(`understands ${form}, as the help writes it`, () => {
      assert.ok(form.startsWith(parseFault(form).kind));
    });

  it("suggests the kind that was meant", () => {
    assert.throws(() => parseFault("s3=trotle"), { hint: 'did you mean "throttle"?' });
  });
});
