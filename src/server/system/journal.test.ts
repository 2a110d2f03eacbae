import { describe, expect, test } from "vitest";
import { Journal } from "./journal.ts";

describe("the journal", () => {
  test("tells the same once, with how often it was", () => {
    const journal = new Journal();
    for (let i = 0; i < 3; i++) journal.noteRefusal("UNAUTHORIZED", `try ${i}`, { address: "10.0.0.1" });
    journal.noteRefusal("UNAUTHORIZED", "another", { address: "10.0.0.2" });
    journal.note({ code: "MESSAGES_DROPPED", level: "warning", message: "lost", client: 7 }, 40);
    journal.note({ code: "MESSAGES_DROPPED", level: "warning", message: "lost", client: 7 }, 2);
    expect(journal.take()).toEqual([
      { code: "UNAUTHORIZED", level: "warning", message: "try 2", address: "10.0.0.1", count: 3 },
      { code: "UNAUTHORIZED", level: "warning", message: "another", address: "10.0.0.2", count: 1 },
      { code: "MESSAGES_DROPPED", level: "warning", message: "lost", client: 7, count: 42 },
    ]);
    expect(journal.take()).toEqual([]);
  });

  test("keeps to refusals that an operator should know of", () => {
    const journal = new Journal();
    for (const code of ["BAD_REQUEST", "NOT_FOUND", "CONFLICT", "RATE_LIMITED"] as const) {
      journal.noteRefusal(code, "no", {});
    }
    expect(journal.take().map(({ code }) => code)).toEqual(["RATE_LIMITED"]);
  });

  test("is bounded: of a flood it tells who the first hundred were, and counts the others", () => {
    const journal = new Journal();
    for (let i = 0; i < 5000; i++) journal.noteRefusal("RATE_LIMITED", "too many requests", { address: `10.0.${i}` });
    const happenings = journal.take();
    expect(happenings.length).toBe(101);
    expect(happenings.at(-1)).toEqual({
      code: "RATE_LIMITED",
      level: "warning",
      message: "and more of the same",
      count: 4900,
    });
    expect(happenings.reduce((sum, { count }) => sum + count, 0)).toBe(5000);
  });
});
