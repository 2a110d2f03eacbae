import { describe, expect, test } from "vitest";
import { createOriginCheck } from "./origin.ts";

describe("the origin check", () => {
  test("lets any origin pass where all are allowed, except null", () => {
    const allows = createOriginCheck(["*"]);
    expect(allows("https://a.example")).toBe(true);
    expect(allows("null")).toBe(false);
    expect(createOriginCheck(["*", "null"])("null")).toBe(true);
    expect(createOriginCheck(["null"])("https://a.example")).toBe(false);
  });

  const allows = createOriginCheck(["https://a.example", "http://b.example:8080"]);

  test.each(["https://a.example", "http://b.example:8080", "HTTPS://A.Example"])(
    "lets the listed %s pass",
    (origin) => {
      expect(allows(origin)).toBe(true);
    },
  );

  test.each([
    "https://a.example.evil.example",
    "https://evil-a.example",
    "https://sub.a.example",
    "http://a.example",
    "https://a.example:8443",
    "https://a.example/",
    "http://b.example",
    "http://b.example:80801",
    "a.example",
    "null",
    "*",
    "",
  ])("does not let %j pass", (origin) => {
    expect(allows(origin)).toBe(false);
  });
});
