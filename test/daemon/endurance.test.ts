import { describe, it } from "node:test";
import { FAULTS } from "../cases/faults.ts";
import { endure } from "../support/endurance.ts";
import { memoryDir } from "../support/temp.ts";

const temp = memoryDir();

describe("a day of trouble has bounded requests, other groups fresh, and a way back:", () => {
  for (const fault of FAULTS) it(fault.name, (t) => endure(t, [fault], temp));
});
