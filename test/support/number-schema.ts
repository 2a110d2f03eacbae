import type { StandardSchema } from "../../src/client/schema.ts";

/** Takes numbers, and makes texts such as `n1` of them. */
export const number: StandardSchema<number, string> = {
  "~standard": {
    version: 1,
    vendor: "test",
    validate: (value) =>
      typeof value === "number" ? { value: `n${value}` } : { issues: [{ message: "must be a number" }] },
  },
};
