import { describe, it } from "node:test";
import { FAULTS } from "../cases/faults.ts";
import { endure } from "../support/endurance.ts";
import { memoryDir } from "../support/temp.ts";

const temp = memoryDir();

describe("a day of two troubles has bounded requests, other groups fresh, and a way back:", () => {
  for (const [index, one] of FAULTS.entries())
    for (const other of FAULTS.slice(index + 1))
      it(`${one.name}, and ${other.name}`, (t) => endure(t, [one, other], temp));
});
